import { Injectable } from '@nestjs/common';
import { metrics } from '@mystocks/telemetry';
import type { Channel } from './channel.js';

interface Subscribed {
  readonly channel: Channel;
  count: number;
}

/** Which channels have subscribers on this instance. */
@Injectable()
export class Audience {
  readonly #subscribed = new Map<string, Subscribed>();

  add(channel: Channel): void {
    const known = this.#subscribed.get(channel.name);
    if (known === undefined) this.#subscribed.set(channel.name, { channel, count: 1 });
    else known.count += 1;
    metrics.socketRooms.set(this.#subscribed.size);
  }

  remove(name: string): void {
    const known = this.#subscribed.get(name);
    if (known === undefined) return;
    known.count -= 1;
    if (known.count === 0) this.#subscribed.delete(name);
    metrics.socketRooms.set(this.#subscribed.size);
  }

  has(name: string): boolean {
    return this.#subscribed.has(name);
  }

  channels(): Channel[] {
    return [...this.#subscribed.values()].map(({ channel }) => channel);
  }
}
