import type { CacheEntries } from '@mystocks/contracts';
import { compareLsn, systemClock, type Clock, type Lsn } from '@mystocks/kernel';
import { LRUCache } from 'lru-cache';
import { ENTRY_BYTES_MAX, MISS, type Entry, type Lookup } from '../entry.js';
import { Leases } from './leases.js';
import { NameIndex } from '../name-index.js';
import type { LeaseClaim, LeasedEntry, Lease, Tier } from './tier.js';

interface Held {
  readonly kept: Entry;
  outdated: boolean;
}

const ENTRIES_MAX = 10_000;
const BYTES_MAX = 256 * 1024 * 1024;
/** What an entry costs beside its body, about. */
const ENTRY_OVERHEAD = 1_024;

/** A tier in this process: for a house of one machine, and for tests, where several readers share one. */
export class MemoryTier implements Tier {
  readonly kind = 'memory';
  readonly serving = true;
  readonly #tags = new NameIndex();
  readonly #leases: Leases;
  readonly #entries = new LRUCache<string, Held>({
    max: ENTRIES_MAX,
    maxSize: BYTES_MAX,
    maxEntrySize: ENTRY_BYTES_MAX + ENTRY_OVERHEAD,
    sizeCalculation: ({ kept }) => kept.answer.body.length + ENTRY_OVERHEAD,
    dispose: ({ kept }, key) => {
      this.#tags.remove(key, kept.answer.tags);
    },
  });

  constructor(private readonly clock: Clock = systemClock) {
    this.#leases = new Leases(clock);
  }

  get(key: string): Promise<Lookup> {
    return Promise.resolve(this.#find(key));
  }

  getMany(keys: readonly string[]): Promise<Lookup[]> {
    return Promise.resolve(keys.map((key) => this.#find(key)));
  }

  claim(key: string, leaseMs: number): Promise<LeaseClaim> {
    return Promise.resolve(this.#leases.claim(key, leaseMs));
  }

  renew(lease: Lease, leaseMs: number): Promise<boolean> {
    return Promise.resolve(this.#leases.renew(lease, leaseMs));
  }

  release(lease: Lease): Promise<void> {
    this.#leases.end(lease);
    return Promise.resolve();
  }

  set(kept: Entry, lease: Lease): Promise<boolean> {
    return Promise.resolve(this.#keep({ entry: kept, lease }));
  }

  setMany(entries: readonly LeasedEntry[]): Promise<boolean[]> {
    return Promise.resolve(entries.map((entry) => this.#keep(entry)));
  }

  invalidate(tags: readonly string[], lsn: Lsn): Promise<void> {
    this.#leases.invalidate(tags, lsn);
    for (const key of tags.flatMap((tag) => this.#tags.keysOf(tag))) {
      const held = this.#entries.peek(key);
      if (held !== undefined && isOlder(held.kept.position, lsn)) held.outdated = true;
    }
    return Promise.resolve();
  }

  drop(entries: CacheEntries): Promise<number> {
    this.#leases.drop(entries);
    const tagged = (entries.tags ?? []).flatMap((tag) => this.#tags.keysOf(tag));
    const dropped = [...(entries.keys ?? []), ...tagged].filter((key) => this.#entries.delete(key));
    return Promise.resolve(dropped.length);
  }

  clear(): Promise<void> {
    this.#leases.clear();
    this.#entries.clear();
    return Promise.resolve();
  }

  probe(): Promise<void> {
    return Promise.resolve();
  }

  /** What is kept stays: others may share it. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #find(key: string): Lookup {
    const held = this.#entries.get(key);
    if (held === undefined) return MISS;
    if (held.kept.graceUntilMs > this.clock.now()) return { hit: true, entry: held.kept, invalidated: held.outdated };
    this.#entries.delete(key);
    return MISS;
  }

  #keep({ entry: kept, lease }: LeasedEntry): boolean {
    const { tags } = kept.answer;
    if (!this.#leases.end(lease) || !this.#leases.allows(lease, tags, kept.position)) return false;
    const nowMs = this.clock.now();
    if (kept.graceUntilMs <= nowMs || this.#showsMore(lease.key, kept.position, nowMs)) return false;
    this.#entries.set(lease.key, { kept, outdated: false });
    // An answer over the byte bound is not taken; then there is nothing to index either.
    if (!this.#entries.has(lease.key)) return false;
    this.#tags.add(lease.key, tags);
    return true;
  }

  #showsMore(key: string, after: Lsn | undefined, nowMs: number): boolean {
    const there = this.#entries.peek(key);
    if (there === undefined || there.outdated || there.kept.expiresAtMs <= nowMs) return false;
    return there.kept.position !== undefined && isOlder(after, there.kept.position);
  }
}

function isOlder(after: Lsn | undefined, lsn: Lsn): boolean {
  return after === undefined || compareLsn(after, lsn) < 0;
}
