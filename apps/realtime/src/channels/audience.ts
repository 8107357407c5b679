import { Injectable } from '@nestjs/common';
import { metrics } from '@mystocks/telemetry';
import type { Channel } from './channel.js';

interface Listening {
  readonly channel: Channel;
  count: number;
}

/** Which channels have subscribers on this node. */
@Injectable()
export class Audience {
  readonly #listening = new Map<string, Listening>();

  add(channel: Channel): void {
    const known = this.#listening.get(channel.name);
    if (known === undefined) this.#listening.set(channel.name, { channel, count: 1 });
    else known.count += 1;
    metrics.socketRooms.set(this.#listening.size);
  }

  remove(name: string): void {
    const known = this.#listening.get(name);
    if (known === undefined) return;
    known.count -= 1;
    if (known.count === 0) this.#listening.delete(name);
    metrics.socketRooms.set(this.#listening.size);
  }

  has(name: string): boolean {
    return this.#listening.has(name);
  }

  channels(): Channel[] {
    return [...this.#listening.values()].map(({ channel }) => channel);
  }
}
