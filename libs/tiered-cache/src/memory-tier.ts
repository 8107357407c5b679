import { systemClock, type Clock } from '@mystocks/kernel';
import { LRUCache } from 'lru-cache';
import { MISS, type Kept, type Lookup } from './kept.js';
import type { Entry, Tier } from './tier.js';

/** A tier in this process: for a house of one machine, and for tests. */
export class MemoryTier implements Tier {
  readonly kind = 'memory';
  readonly serving = true;
  readonly #entries = new LRUCache<string, Kept>({ max: 10_000 });

  constructor(private readonly clock: Clock = systemClock) {}

  get(key: string): Promise<Lookup> {
    const kept = this.#entries.get(key);
    const good = kept !== undefined && kept.expiresAtMs > this.clock.now();
    return Promise.resolve(good ? { hit: true, kept } : MISS);
  }

  set(key: string, kept: Kept): Promise<void> {
    this.#entries.set(key, kept);
    return Promise.resolve();
  }

  setMany(entries: readonly Entry[]): Promise<boolean[]> {
    const nowMs = this.clock.now();
    const kept = entries.map(({ key, kept: entry }) => {
      const good = entry.expiresAtMs > nowMs;
      if (good) this.#entries.set(key, entry);
      return good;
    });
    return Promise.resolve(kept);
  }

  deleteTags(tags: readonly string[]): Promise<void> {
    const wanted = new Set(tags);
    for (const [key, { answer }] of this.#entries) {
      if (answer.tags.some((tag) => wanted.has(tag))) this.#entries.delete(key);
    }
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.#entries.clear();
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.clear();
  }
}
