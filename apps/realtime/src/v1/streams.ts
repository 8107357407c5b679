import type { Namespace } from 'socket.io';
import type { Gap, Item, Outlet } from '../fanout/outlet.js';
import type { Sessions } from '../sessions/sessions.js';
import { cut } from './fields.js';

/** What one subscriber of a stream wants: its own spelling of the symbol, and its fields. */
export interface Wish {
  readonly symbol: string;
  readonly fields: readonly string[];
}

const roomOf = (channel: string, wish: Wish): string => `v1:${channel}|${wish.symbol}|${wish.fields.join(',')}`;

/** Streams of v1 on this node: one message a distinct wish, however many share it. */
export class Streams implements Outlet {
  readonly #wishes = new Map<string, Map<string, Wish>>();

  constructor(
    private readonly namespace: Namespace,
    private readonly sessions: Sessions,
  ) {}

  /** The room of a subscription; it exists while a socket is in it. */
  open(channel: string, wish: Wish): string {
    const room = roomOf(channel, wish);
    const wishes = this.#wishes.get(channel) ?? new Map<string, Wish>();
    this.#wishes.set(channel, wishes.set(room, wish));
    return room;
  }

  /** Forgets a room that a socket has left, if it was the last one in it. */
  close(channel: string, room: string): void {
    if (this.namespace.adapter.rooms.has(room)) return;
    const wishes = this.#wishes.get(channel);
    wishes?.delete(room);
    if (wishes?.size === 0) this.#wishes.delete(channel);
  }

  data(items: readonly Item[]): void {
    for (const item of items) this.#one(item);
  }

  #one(item: Item): void {
    const wishes = this.#wishes.get(item.ch);
    if (wishes === undefined || item.d === null) return;
    for (const [room, { symbol, fields }] of wishes) {
      const message = { symbol, data: cut(item.d, fields), timestamp: new Date(item.t).toISOString() };
      this.namespace.local.to(room).emit('stream_data', message);
    }
  }

  /** v1 knows no gaps; its clients get the latest value. */
  gap(_gap: Gap, snapshot: Item): void {
    this.#one(snapshot);
  }

  tokenOf(channel: string): string | undefined {
    for (const room of this.#wishes.get(channel)?.keys() ?? []) {
      for (const id of this.namespace.adapter.rooms.get(room) ?? []) {
        const session = this.sessions.find(id);
        if (session !== undefined && session.caller.expiresAtMs > Date.now()) return session.token;
      }
    }
    return undefined;
  }
}
