import type { Lsn } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import { LRUCache } from 'lru-cache';
import { Fences } from './fences.js';
import type { Kept } from './kept.js';

export interface NearCacheOptions {
  readonly entriesMax?: number;
  readonly bytesMax?: number;
}

/** Longer URLs are parsed each time; they would cost more memory than their parsing costs time. */
const ALIAS_LENGTH_MAX = 1_024;
/** What an entry costs beside its body, about: the objects, the key and its places in the tag index. */
const ENTRY_OVERHEAD = 1_024;

/**
 * The first tier: answers inside this process, ready to send. Synchronous; a hit costs well under a microsecond.
 * `K` lets the owner keep more beside an answer (ready headers, say).
 */
export class NearCache<K extends Kept = Kept> {
  readonly #fences = new Fences();
  readonly #entries: LRUCache<string, K>;
  readonly #aliases: LRUCache<string, string>;
  readonly #keysOfTag = new Map<string, Set<string>>();
  #generation = 0;
  readonly #hits = metrics.cacheHits.cell('l1');
  readonly #misses = metrics.cacheMisses.cell('l1');

  constructor(options: NearCacheOptions = {}) {
    const entriesMax = options.entriesMax ?? 10_000;
    this.#entries = new LRUCache<string, K>({
      max: entriesMax,
      maxSize: options.bytesMax ?? 256 * 1024 * 1024,
      sizeCalculation: (kept) => kept.answer.body.length + ENTRY_OVERHEAD,
      dispose: (kept, key) => {
        this.#unindex(key, kept.answer.tags);
      },
    });
    this.#aliases = new LRUCache<string, string>({ max: entriesMax });
  }

  /**
   * The answer kept under `key`. With `readAfter` (a client's own last write) only one that surely shows it: that was
   * fetched after it.
   */
  get(key: string, nowMs: number, readAfter?: Lsn): K | undefined {
    const kept = this.#fresh(key, nowMs, readAfter);
    if (kept === undefined) this.#misses.count += 1;
    else this.#hits.count += 1;
    return kept;
  }

  /**
   * Keeps an answer; `false` when a write that it may not show was announced meanwhile, or when everything was dropped
   * since `generation` (read it before the fetch starts): then news may have been missed on the way.
   */
  set(key: string, kept: K, generation = this.#generation): boolean {
    if (generation !== this.#generation || !this.#fences.allows(kept.answer.tags, kept.after)) return false;
    this.#entries.set(key, kept);
    // An answer over the byte bound is not taken; then there is nothing to index either.
    if (this.#entries.has(key)) this.#index(key, kept.answer.tags);
    return true;
  }

  /** Remembers that `rawUrl`, exactly as it was sent, asks for `key`: the next one need not be parsed. */
  alias(rawUrl: string, key: string): void {
    if (rawUrl.length <= ALIAS_LENGTH_MAX) this.#aliases.set(rawUrl, key);
  }

  /** {@link get} by a remembered URL. Counts hits only: after a miss the caller asks again by key. */
  getByAlias(rawUrl: string, nowMs: number, readAfter?: Lsn): K | undefined {
    const key = this.#aliases.get(rawUrl);
    if (key === undefined) return undefined;
    const kept = this.#fresh(key, nowMs, readAfter);
    if (kept !== undefined) this.#hits.count += 1;
    return kept;
  }

  /** A write at `lsn` touched `tags`: drops what shows the old, refuses late answers that do not show it. */
  invalidate(tags: readonly string[], lsn: Lsn): void {
    this.#fences.raise(tags, lsn);
    for (const tag of tags) {
      const keys = this.#keysOfTag.get(tag);
      if (keys !== undefined) for (const key of [...keys]) this.#dropOutdated(key);
    }
  }

  /** Drops everything: news may have been missed. Fences stay. */
  clear(): void {
    this.#generation += 1;
    this.#entries.clear();
    this.#aliases.clear();
    this.#keysOfTag.clear();
  }

  /** The newest write announced; reads pass it down as their `readAfter`. */
  get latestLsn(): Lsn | undefined {
    return this.#fences.latest;
  }

  /** Grows with every {@link clear}. */
  get generation(): number {
    return this.#generation;
  }

  get size(): number {
    return this.#entries.size;
  }

  #fresh(key: string, nowMs: number, readAfter: Lsn | undefined): K | undefined {
    const kept = this.#entries.get(key);
    if (kept === undefined) return undefined;
    if (kept.expiresAtMs <= nowMs) {
      this.#entries.delete(key);
      return undefined;
    }
    return readAfter === undefined || this.#fences.covers(readAfter, kept.after) ? kept : undefined;
  }

  // News may be late: an answer that was already fetched after the write stays.
  #dropOutdated(key: string): void {
    const kept = this.#entries.peek(key);
    if (kept !== undefined && !this.#fences.allows(kept.answer.tags, kept.after)) this.#entries.delete(key);
  }

  #index(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#keysOfTag.get(tag);
      if (keys === undefined) this.#keysOfTag.set(tag, new Set([key]));
      else keys.add(key);
    }
  }

  #unindex(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#keysOfTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysOfTag.delete(tag);
    }
  }
}
