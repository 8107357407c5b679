import type { Namespace } from 'socket.io';
import { roomOf } from '../channels/mode.js';
import type { Gap, Item, Outlet } from '../fanout/outlet.js';
import { Conflater } from './conflater.js';
import type { Sessions } from '../sessions/sessions.js';

/** Sends values and gaps to the subscribers of `/market` on this instance. */
export class MarketOutlet implements Outlet {
  readonly #conflater = new Conflater((items, everyMs) => {
    this.#emit(roomOf(items[0].ch, { everyMs }), 'data', items);
  });
  /** Intervals that clients have requested; at most 200 (mode.ts). */
  readonly #intervals = new Set<number>();

  constructor(
    private readonly namespace: Namespace,
    private readonly sessions: Sessions,
  ) {}

  useInterval(everyMs: number): void {
    if (everyMs > 0) this.#intervals.add(everyMs);
  }

  data(items: readonly Item[]): void {
    const [first] = items;
    if (first === undefined) return;
    this.#emit(roomOf(first.ch, { everyMs: 0 }), 'data', items);
    for (const everyMs of this.#intervals) {
      if (!this.namespace.adapter.rooms.has(roomOf(first.ch, { everyMs }))) continue;
      for (const item of items) this.#conflater.push(item, everyMs);
    }
  }

  gap(gap: Gap, item: Item): void {
    const snapshot = { channel: item.ch, epoch: item.ep, offset: item.o, t: item.t, snapshot: item.d };
    this.#conflater.forget(item.ch);
    for (const everyMs of [0, ...this.#intervals]) {
      const room = roomOf(item.ch, { everyMs });
      this.#emit(room, 'gap', gap);
      this.#emit(room, 'snapshot', snapshot);
    }
  }

  tokenOf(channel: string): string | undefined {
    for (const everyMs of [0, ...this.#intervals]) {
      for (const id of this.namespace.adapter.rooms.get(roomOf(channel, { everyMs })) ?? []) {
        const session = this.sessions.find(id);
        if (session !== undefined && session.caller.expiresAtMs > Date.now()) return session.token;
      }
    }
    return undefined;
  }

  close(): void {
    this.#conflater.close();
  }

  /** Sends only to sockets of this instance: the other instances receive the same events. An empty room costs nothing. */
  #emit(room: string, event: string, payload: unknown): void {
    if (this.namespace.adapter.rooms.has(room)) this.namespace.local.to(room).emit(event, payload);
  }
}
