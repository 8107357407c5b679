import { LRUCache } from 'lru-cache';
import { FrequencySketch } from './frequency-sketch.js';

export interface AdmittedEntriesOptions<V> {
  readonly entriesMax: number;
  readonly bytesMax: number;
  readonly bytesOf: (value: V) => number;
  /** Called for each value that leaves, whatever the reason. */
  readonly onRemoved: (key: string, value: V) => void;
}

/** Share of newcomers: they show in there whether they are asked for again. */
const WINDOW_SHARE = 0.05;

/**
 * A bounded map that a sweep over everything does not flush (W-TinyLFU): newcomers enter a small window; who leaves it
 * gets a place among the others only if it was lately used more often than the one that would have to go.
 *
 * What is no longer fresh (`retire`) takes the room that nobody else needs: it is the first to go.
 */
export class AdmittedEntries<V extends object> {
  readonly #options: AdmittedEntriesOptions<V>;
  readonly #frequency: FrequencySketch;
  readonly #window: LRUCache<string, V>;
  readonly #main: LRUCache<string, V>;
  readonly #retired: LRUCache<string, V>;
  readonly #windowMax: number;
  readonly #windowBytesMax: number;

  constructor(options: AdmittedEntriesOptions<V>) {
    this.#options = options;
    const { entriesMax, bytesMax, bytesOf } = options;
    this.#frequency = new FrequencySketch(entriesMax);
    this.#windowMax = Math.max(1, Math.floor(entriesMax * WINDOW_SHARE));
    this.#windowBytesMax = Math.floor(bytesMax * WINDOW_SHARE);
    // The bounds are kept here, so that none of the three lets go of anything by itself.
    const open = (): LRUCache<string, V> =>
      new LRUCache({ max: entriesMax + 1, maxSize: 2 * bytesMax, maxEntrySize: bytesMax, sizeCalculation: bytesOf });
    this.#window = open();
    this.#main = open();
    this.#retired = open();
  }

  get size(): number {
    return this.#window.size + this.#main.size + this.#retired.size;
  }

  get bytes(): number {
    return this.#window.calculatedSize + this.#main.calculatedSize + this.#retired.calculatedSize;
  }

  /** The value under `key` that is not retired. Counts as a use, also when there is none. */
  get(key: string): V | undefined {
    this.#frequency.add(key);
    return this.#main.get(key) ?? this.#window.get(key);
  }

  /** {@link get} that counts as a use only when there is something. */
  getKnown(key: string): V | undefined {
    const value = this.#main.get(key) ?? this.#window.get(key);
    if (value !== undefined) this.#frequency.add(key);
    return value;
  }

  /** The value under `key`, retired or not. No use. */
  peek(key: string): V | undefined {
    return this.#main.peek(key) ?? this.#window.peek(key) ?? this.#retired.peek(key);
  }

  /** Puts the value in the place of what is under `key`; `false` when it was not taken: above the bound, what is there stays. */
  set(key: string, value: V): boolean {
    if (this.#options.bytesOf(value) > this.#options.bytesMax) return false;
    const old = this.peek(key);
    if (old !== undefined) this.#options.onRemoved(key, old);
    this.#retired.delete(key);
    (this.#main.has(key) ? this.#main : this.#window).set(key, value);
    this.#settle();
    return this.#main.has(key) || this.#window.has(key);
  }

  /** No longer fresh: found by {@link peek} alone from now on, and the first to go. */
  markStale(key: string): void {
    const value = this.#main.peek(key) ?? this.#window.peek(key);
    if (value === undefined) return;
    this.#main.delete(key);
    this.#window.delete(key);
    this.#retired.set(key, value);
  }

  /** {@link markStale} for everything. */
  markAllStale(): void {
    for (const key of [...this.#window.keys(), ...this.#main.keys()]) this.markStale(key);
  }

  /** All that are retired now. */
  staleEntries(): readonly (readonly [string, V])[] {
    return [...this.#retired.entries()];
  }

  delete(key: string): boolean {
    const value = this.peek(key);
    if (value === undefined) return false;
    this.#main.delete(key);
    this.#window.delete(key);
    this.#retired.delete(key);
    this.#options.onRemoved(key, value);
    return true;
  }

  /** Without `onGone`. What is used often is remembered. */
  clear(): void {
    this.#window.clear();
    this.#main.clear();
    this.#retired.clear();
  }

  #settle(): void {
    const { entriesMax, bytesMax } = this.#options;
    while (this.#isWindowFull()) this.#admit();
    // A value that grew in its place.
    while (this.#main.calculatedSize > bytesMax - this.#windowBytesMax && this.#main.size > 1) this.#evict(this.#main);
    while (this.size > entriesMax || this.bytes > bytesMax) {
      this.#evict(this.#retired.size > 0 ? this.#retired : this.#main);
    }
  }

  // The newest stays even when it is larger than the window's share, as long as it fits beside the others.
  #isWindowFull(): boolean {
    const bytes = this.#window.calculatedSize;
    if (this.#window.size > this.#windowMax) return true;
    if (bytes <= this.#windowBytesMax) return false;
    return this.#window.size > 1 || bytes + this.#main.calculatedSize > this.#options.bytesMax;
  }

  /** The oldest of the window takes the place of others that were used less, or goes. */
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
    if (key === undefined || value === undefined) throw new Error('nothing left to let go');
    from.delete(key);
    return [key, value];
  }
}

function oldestOf<V extends object>(entries: LRUCache<string, V>): string | undefined {
  for (const key of entries.rkeys()) return key;
  return undefined;
}
