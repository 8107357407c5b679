import type { Item } from '../fanout/news.js';

/** Keeps only the latest value of each channel and sends it when its time is up. */
export class Conflater {
  readonly #pending = new Map<number, Map<string, Item>>();
  readonly #timers = new Map<number, NodeJS.Timeout>();

  constructor(private readonly send: (item: Item, everyMs: number) => void) {}

  push(item: Item, everyMs: number): void {
    const pending = this.#pending.get(everyMs);
    if (pending !== undefined) {
      pending.set(item.ch, item);
      return;
    }
    this.#pending.set(everyMs, new Map([[item.ch, item]]));
    this.#timers.set(
      everyMs,
      setTimeout(() => {
        this.#flush(everyMs);
      }, everyMs),
    );
  }

  /** A value that waits behind a snapshot is older than it. */
  forget(channel: string): void {
    for (const pending of this.#pending.values()) pending.delete(channel);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#pending.clear();
  }

  #flush(everyMs: number): void {
    const pending = this.#pending.get(everyMs);
    this.#pending.delete(everyMs);
    this.#timers.delete(everyMs);
    for (const item of pending?.values() ?? []) this.send(item, everyMs);
  }
}
