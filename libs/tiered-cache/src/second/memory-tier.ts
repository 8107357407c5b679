import type { CacheEntries } from '@mystocks/contracts';
import { compareLsn, systemClock, type Clock, type Lsn } from '@mystocks/kernel';
import { LRUCache } from 'lru-cache';
import { ENTRY_BYTES_MAX, MISS, type Entry, type Lookup } from '../entry.js';
import { Leases } from './leases.js';
import { NameIndex } from '../name-index.js';
import type { LeaseClaim, LeasedEntry, Lease, Tier } from './tier.js';

interface StoredEntry {
  readonly entry: Entry;
  invalidated: boolean;
}

const ENTRIES_MAX = 10_000;
const BYTES_MAX = 256 * 1024 * 1024;
/** What an entry costs beside its body, about. */
const ENTRY_OVERHEAD = 1_024;

/** A tier in the memory of this process: for a system on one machine, and for tests in which several readers share it. */
export class MemoryTier implements Tier {
  readonly kind = 'memory';
  readonly serving = true;
  readonly #tags = new NameIndex();
  readonly #leases: Leases;
  readonly #entries = new LRUCache<string, StoredEntry>({
    max: ENTRIES_MAX,
    maxSize: BYTES_MAX,
    maxEntrySize: ENTRY_BYTES_MAX + ENTRY_OVERHEAD,
    sizeCalculation: ({ entry }) => entry.answer.body.length + ENTRY_OVERHEAD,
    dispose: ({ entry }, key) => {
      this.#tags.remove(key, entry.answer.tags);
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

  set(entry: Entry, lease: Lease): Promise<boolean> {
    return Promise.resolve(this.#store({ entry, lease }));
  }

  setMany(entries: readonly LeasedEntry[]): Promise<boolean[]> {
    return Promise.resolve(entries.map((one) => this.#store(one)));
  }

  invalidate(tags: readonly string[], lsn: Lsn): Promise<void> {
    this.#leases.invalidate(tags, lsn);
    for (const key of tags.flatMap((tag) => this.#tags.keysOf(tag))) {
      const stored = this.#entries.peek(key);
      if (stored !== undefined && isOlder(stored.entry.position, lsn)) stored.invalidated = true;
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

  /** The entries stay: other readers may share the tier. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #find(key: string): Lookup {
    const stored = this.#entries.get(key);
    if (stored === undefined) return MISS;
    if (stored.entry.graceUntilMs > this.clock.now()) return { hit: true, ...stored };
    this.#entries.delete(key);
    return MISS;
  }

  #store({ entry, lease }: LeasedEntry): boolean {
    const { tags } = entry.answer;
    if (!this.#leases.end(lease) || !this.#leases.allows(lease, tags, entry.position)) return false;
    const nowMs = this.clock.now();
    if (entry.graceUntilMs <= nowMs || this.#showsMore(lease.key, entry.position, nowMs)) return false;
    this.#entries.set(lease.key, { entry, invalidated: false });
    // An entry over the byte bound is not stored; then there is nothing to index either.
    if (!this.#entries.has(lease.key)) return false;
    this.#tags.add(lease.key, tags);
    return true;
  }

  #showsMore(key: string, after: Lsn | undefined, nowMs: number): boolean {
    const there = this.#entries.peek(key);
    if (there === undefined || there.invalidated || there.entry.expiresAtMs <= nowMs) return false;
    return there.entry.position !== undefined && isOlder(after, there.entry.position);
  }
}

function isOlder(after: Lsn | undefined, lsn: Lsn): boolean {
  return after === undefined || compareLsn(after, lsn) < 0;
}
