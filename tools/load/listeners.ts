import { sleep } from '@mystocks/testing';
import { io, type Socket } from 'socket.io-client';
import type { World } from '../../load/mixes.ts';
import type { LoadedSystem } from './loaded-system.ts';

const SOCKETS = 20;
const CHANNELS_EACH = 50;
const PATIENCE_MS = 10_000;
const QUIET_MS = 1_000;

/** Subscribers to the quotes that callers write: events are pushed while the load is on. */
export class Listeners {
  #received = 0;
  /** Gaps that were announced to subscribers. */
  #gaps = 0;
  readonly #sockets: Socket[] = [];

  static async at({ realtimeUrl }: LoadedSystem, { people, symbols }: World): Promise<Listeners> {
    const listeners = new Listeners();
    await Promise.all(
      Array.from({ length: SOCKETS }, async (_, index) => {
        const token = people[index % people.length]?.token;
        const first = index * CHANNELS_EACH;
        const channels = symbols.slice(first, first + CHANNELS_EACH).map((symbol) => `quote.${symbol}`);
        await listeners.#listen(realtimeUrl, token, channels);
      }),
    );
    return listeners;
  }

  /** Waits until nothing comes any more. */
  async quiet(): Promise<void> {
    for (let before = -1; before !== this.#received; await sleep(QUIET_MS)) before = this.#received;
  }

  told(): string {
    return `${this.#received.toLocaleString('en')} quotes so far at ${SOCKETS} subscribers, ${this.#gaps} gaps told`;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.disconnect();
  }

  async #listen(url: string, token: string | undefined, channels: readonly string[]): Promise<void> {
    const socket = io(`${url}/market`, { transports: ['websocket'], auth: { token }, reconnection: false });
    this.#sockets.push(socket);
    socket.on('data', (items: readonly unknown[]) => {
      this.#received += items.length;
    });
    for (const event of ['gap', 'slow_consumer']) socket.on(event, () => (this.#gaps += 1));
    const answer: unknown = await socket.timeout(PATIENCE_MS).emitWithAck('subscribe', { channels });
    if ((answer as { ok?: unknown }).ok !== true)
      throw new Error(`realtime refused a subscription: ${JSON.stringify(answer).slice(0, 300)}`);
  }
}
