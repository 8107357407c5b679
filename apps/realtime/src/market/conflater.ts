import { membersOf } from '../channels/snapshot.js';
import type { Item } from '../fanout/outlet.js';

/** Items of one channel, at least one. */
type Items = readonly [Item, ...Item[]];

/**
 * Keeps only the latest value of each channel and sends it when its time is up. Bars of different times are different
 * values: of each the latest is sent, in the order in which they came last.
 */
export class Conflater {
  readonly #pending = new Map<number, Map<string, Map<unknown, Item>>>();
  readonly #timers = new Map<number, NodeJS.Timeout>();

  constructor(private readonly send: (items: Items, everyMs: number) => void) {}

  push(item: Item, everyMs: number): void {
    const channels = this.#pending.get(everyMs) ?? this.#open(everyMs);
    const values = channels.get(item.ch) ?? new Map<unknown, Item>();
    const value = item.ch.startsWith('bar.') ? membersOf(item.d)['t'] : undefined;
    // Offsets grow within a message, so a value that came again moves to the end.
    values.delete(value);
    channels.set(item.ch, values.set(value, item));
  }

  /** A value that waits behind a snapshot is older than it. */
  forget(channel: string): void {
    for (const pending of this.#pending.values()) pending.delete(channel);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#pending.clear();
  }

  #open(everyMs: number): Map<string, Map<unknown, Item>> {
    const channels = new Map<string, Map<unknown, Item>>();
    this.#pending.set(everyMs, channels);
    this.#timers.set(
      everyMs,
      setTimeout(() => {
        this.#flush(everyMs);
      }, everyMs),
    );
    return channels;
  }

  #flush(everyMs: number): void {
    const pending = this.#pending.get(everyMs);
    this.#pending.delete(everyMs);
    this.#timers.delete(everyMs);
    for (const values of pending?.values() ?? []) {
      const [first, ...rest] = values.values();
      if (first !== undefined) this.send([first, ...rest], everyMs);
    }
  }
}
