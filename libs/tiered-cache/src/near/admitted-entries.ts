import { LRUCache } from 'lru-cache';
import { FrequencySketch } from './frequency-sketch.js';

export interface AdmittedEntriesOptions<V> {
  readonly entriesMax: number;
  readonly bytesMax: number;
  readonly bytesOf: (value: V) => number;
  /** Called for each value that is removed, whatever the reason. */
  readonly onRemoved: (key: string, value: V) => void;
}

/** The share of the window, in which new values show whether they are used again. */
const WINDOW_SHARE = 0.05;

/**
 * A bounded map that a sweep over everything does not flush (W-TinyLFU): new values enter a small window. A value that
 * leaves the window is admitted to the main part only if it was lately used more often than the value it would evict.
 *
 * Stale values ({@link markStale}) only use space that no other value needs: they are evicted first.
 */
export class AdmittedEntries<V extends object> {
  readonly #options: AdmittedEntriesOptions<V>;
  readonly #frequency: FrequencySketch;
  readonly #window: LRUCache<string, V>;
  readonly #main: LRUCache<string, V>;
  readonly #stale: LRUCache<string, V>;
  readonly #windowMax: number;
  readonly #windowBytesMax: number;

  constructor(options: AdmittedEntriesOptions<V>) {
    this.#options = options;
    const { entriesMax, bytesMax, bytesOf } = options;
    this.#frequency = new FrequencySketch(entriesMax);
    this.#windowMax = Math.max(1, Math.floor(entriesMax * WINDOW_SHARE));
    this.#windowBytesMax = Math.floor(bytesMax * WINDOW_SHARE);
    // This class enforces the bounds, so that none of the three maps evicts anything by itself.
    const open = (): LRUCache<string, V> =>
      new LRUCache({ max: entriesMax + 1, maxSize: 2 * bytesMax, maxEntrySize: bytesMax, sizeCalculation: bytesOf });
    this.#window = open();
    this.#main = open();
    this.#stale = open();
  }

  get size(): number {
    return this.#window.size + this.#main.size + this.#stale.size;
  }

  get bytes(): number {
    return this.#window.calculatedSize + this.#main.calculatedSize + this.#stale.calculatedSize;
  }

  /** The value under `key` that is not stale. Counts as a use, also when there is none. */
  get(key: string): V | undefined {
    this.#frequency.add(key);
    return this.#main.get(key) ?? this.#window.get(key);
  }

  /** {@link get} that counts as a use only when there is a value. */
  getKnown(key: string): V | undefined {
    const value = this.#main.get(key) ?? this.#window.get(key);
    if (value !== undefined) this.#frequency.add(key);
    return value;
  }

  /** The value under `key`, stale or not. Does not count as a use. */
  peek(key: string): V | undefined {
    return this.#main.peek(key) ?? this.#window.peek(key) ?? this.#stale.peek(key);
  }

  /** Replaces the value under `key`. `false` when the new one was not admitted; one that is too large replaces nothing. */
  set(key: string, value: V): boolean {
    if (this.#options.bytesOf(value) > this.#options.bytesMax) return false;
    const old = this.peek(key);
    if (old !== undefined) this.#options.onRemoved(key, old);
    this.#stale.delete(key);
    (this.#main.has(key) ? this.#main : this.#window).set(key, value);
    this.#settle();
    return this.#main.has(key) || this.#window.has(key);
  }

  /** Marks a value as no longer fresh: from now on only {@link peek} finds it, and it is evicted first. */
  markStale(key: string): void {
    const value = this.#main.peek(key) ?? this.#window.peek(key);
    if (value === undefined) return;
    this.#main.delete(key);
    this.#window.delete(key);
    this.#stale.set(key, value);
  }

  /** {@link markStale} for every value. */
  markAllStale(): void {
    for (const key of [...this.#window.keys(), ...this.#main.keys()]) this.markStale(key);
  }

  /** All values that are stale now. */
  staleEntries(): readonly (readonly [string, V])[] {
    return [...this.#stale.entries()];
  }

  delete(key: string): boolean {
    const value = this.peek(key);
    if (value === undefined) return false;
    this.#main.delete(key);
    this.#window.delete(key);
    this.#stale.delete(key);
    this.#options.onRemoved(key, value);
    return true;
  }

  /** Does not call `onRemoved`. The frequencies of use stay known. */
  clear(): void {
    this.#window.clear();
    this.#main.clear();
    this.#stale.clear();
  }

  #settle(): void {
    const { entriesMax, bytesMax } = this.#options;
    while (this.#isWindowFull()) this.#admit();
    // A value may have been replaced by a larger one.
    while (this.#main.calculatedSize > bytesMax - this.#windowBytesMax && this.#main.size > 1) this.#evict(this.#main);
    while (this.size > entriesMax || this.bytes > bytesMax) {
      this.#evict(this.#stale.size > 0 ? this.#stale : this.#main);
    }
  }

  /** The newest value stays even when it is larger than the window's share, as long as it fits beside the others. */
  #isWindowFull(): boolean {
    const bytes = this.#window.calculatedSize;
    if (this.#window.size > this.#windowMax) return true;
    if (bytes <= this.#windowBytesMax) return false;
    return this.#window.size > 1 || bytes + this.#main.calculatedSize > this.#options.bytesMax;
  }

  /** Moves the oldest value of the window to the main part, if it was used more often than those it evicts there. */
  #admit(): void {
    const [key, value] = this.#takeOldest(this.#window);
    const uses = this.#frequency.of(key);
    while (!this.#fits(value)) {
      const rival = oldestOf(this.#main);
      if (rival === undefined || this.#frequency.of(rival) >= uses) {
        this.#options.onRemoved(key, value);
        return;
      }
      this.#evict(this.#main);
    }
    this.#main.set(key, value);
  }

  #fits(value: V): boolean {
    const { entriesMax, bytesMax, bytesOf } = this.#options;
    const isPlaceFree = this.#main.size < Math.max(1, entriesMax - this.#windowMax);
    return isPlaceFree && this.#main.calculatedSize + bytesOf(value) <= bytesMax - this.#windowBytesMax;
  }

  #evict(from: LRUCache<string, V>): void {
    const [key, value] = this.#takeOldest(from);
    this.#options.onRemoved(key, value);
  }

  #takeOldest(from: LRUCache<string, V>): [string, V] {
    const key = oldestOf(from);
    const value = key === undefined ? undefined : from.peek(key);
    if (key === undefined || value === undefined) throw new Error('nothing left to evict');
    from.delete(key);
    return [key, value];
  }
}

function oldestOf<V extends object>(entries: LRUCache<string, V>): string | undefined {
  for (const key of entries.rkeys()) return key;
  return undefined;
}
