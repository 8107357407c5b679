import { TdenginePool } from '@mystocks/connection-pool';
import type { CacheEntries } from '@mystocks/contracts';
import { chunked, systemClock, type Clock, type Lsn } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';
import { Leases, TierRecovery, MISS, PendingInvalidations } from '@mystocks/tiered-cache';
import type { LeaseClaim, LeasedEntry, Entry, Lease, Lookup, Tier } from '@mystocks/tiered-cache';
import { GatheredReads } from './gathered-reads.js';
import { DATABASE, nameOf, numberOf } from './tdengine-schema.js';
import { ENTRIES_MAX, TdengineStore, WRITE_DEADLINE_MS } from './tdengine-store.js';

export interface TdengineTierOptions {
  /** `http://user:password@host:6041` of taosAdapter. */
  readonly url: string;
  /** What a read may take before it counts as failed, ms. */
  readonly deadlineMs?: number;
  readonly database?: string;
  readonly clock?: Clock;
}

/** Connections, and how many more under load; the longest statement is one that tidies up. */
const POOL = { size: 8, overflow: 8, acquireTimeoutMs: 1_000, requestTimeoutMs: 10_000 };
/** A lease whose answer is being written lasts this much longer. */
const WRITE_LEASE_MS = 5 * WRITE_DEADLINE_MS;
const TIDY_EVERY_MS = 60_000;

/**
 * The second tier in TDengine. It has no compare-and-set, so a lease holds in this opening only: each instance of the
 * cache service lets one of its own readers fetch. Entries are ordered by their fences, and drops and outdatings are rows
 * that every read checks; both hold for all instances whose clocks are less than a second apart. After one failed
 * operation nothing more is sent until TDengine answers again.
 */
export class TdengineTier implements Tier {
  readonly kind = 'tdengine';
  readonly #pool: TdenginePool;
  readonly #leases: Leases;
  readonly #store: TdengineStore;
  readonly #recovery: TierRecovery;
  readonly #owed = new PendingInvalidations();
  readonly #reads: GatheredReads;
  readonly #tidying: NodeJS.Timeout;

  constructor({ url, deadlineMs = 150, database = DATABASE, clock = systemClock }: TdengineTierOptions) {
    this.#pool = new TdenginePool({ name: 'cache-tdengine', url, database, ...POOL });
    this.#leases = new Leases(clock);
    this.#store = new TdengineStore(this.#pool, { database, deadlineMs, clock, leases: this.#leases });
    this.#recovery = new TierRecovery({
      name: 'tdengine',
      probe: () => this.#store.comeUp(),
      catchUp: () => this.#makeUp(),
    });
    this.#reads = new GatheredReads(async (names) => {
      return (await this.#recovery.attempt(() => this.#store.read(names))) ?? new Map<string, Lookup>();
    });
    this.#tidying = setInterval(() => void this.#tidy(), TIDY_EVERY_MS).unref();
  }

  get serving(): boolean {
    return this.#recovery.serving;
  }

  async get(key: string): Promise<Lookup> {
    const found = await this.#reads.get(nameOf('key', key));
    // What is to be made up for meanwhile may concern it too.
    return this.serving ? found : MISS;
  }

  getMany(keys: readonly string[]): Promise<Lookup[]> {
    return Promise.all(keys.map((key) => this.get(key)));
  }

  claim(key: string, leaseMs: number): Promise<LeaseClaim> {
    return Promise.resolve(this.serving ? this.#leases.claim(key, leaseMs) : { state: 'none' });
  }

  renew(lease: Lease, leaseMs: number): Promise<boolean> {
    return Promise.resolve(this.serving && this.#leases.renew(lease, leaseMs));
  }

  release(lease: Lease): Promise<void> {
    this.#leases.end(lease);
    return Promise.resolve();
  }

  async set(kept: Entry, lease: Lease): Promise<boolean> {
    return (await this.setMany([{ entry: kept, lease }]))[0] ?? false;
  }

  async setMany(entries: readonly LeasedEntry[]): Promise<boolean[]> {
    // Each is held until it is written: the next reader is to find the answer, not to fetch it again.
    const leased = new Set<string>();
    const writable = entries.filter(({ lease }) => {
      const holds = this.serving && !leased.has(lease.key) && this.#leases.renew(lease, WRITE_LEASE_MS);
      if (holds) leased.add(lease.key);
      return holds;
    });
    const kept = new Set<LeasedEntry>();
    for (const some of chunked(writable, ENTRIES_MAX)) {
      for (const entry of (await this.#recovery.attempt(() => this.#store.write(some))) ?? []) kept.add(entry);
    }
    for (const { lease } of entries) this.#leases.end(lease);
    return entries.map((entry) => kept.has(entry));
  }

  async invalidate(tags: readonly string[], lsn: Lsn): Promise<void> {
    if (tags.length === 0) return;
    const fence = this.#leases.invalidate(tags, lsn);
    const done = await this.#recovery.attempt(async () => {
      await this.#store.invalidate(tagNames(tags), fence, numberOf(lsn));
      return true;
    });
    if (done !== undefined) return;
    this.#owed.invalidate(tags, lsn);
    void this.#recovery.catchUp();
  }

  async drop(entries: CacheEntries): Promise<number> {
    const { keys = [], tags = [] } = entries;
    if (keys.length + tags.length === 0) return 0;
    const fence = this.#leases.drop(entries);
    const dropped = await this.#recovery.attempt(() => this.#store.drop(keyNames(keys), tagNames(tags), fence));
    if (dropped !== undefined) return dropped;
    this.#owed.drop(entries);
    void this.#recovery.catchUp();
    return 0;
  }

  async clear(): Promise<void> {
    this.#leases.clear();
    this.#owed.clear();
    await this.#recovery.catchUp();
  }

  /** While nothing is served it has to take the tables too. */
  async probe(): Promise<void> {
    await (this.serving ? this.#pool.check().probe() : this.#store.comeUp());
  }

  async close(): Promise<void> {
    clearInterval(this.#tidying);
    this.#recovery.close();
    await this.#pool.close();
  }

  #makeUp(): Promise<void> {
    return this.#owed.applyTo({
      invalidate: (tags, lsn) =>
        this.#store.invalidate(tagNames(tags), this.#leases.invalidate(tags, lsn), numberOf(lsn)),
      drop: ({ keys, tags }) => this.#store.drop(keyNames(keys), tagNames(tags), this.#leases.drop({ keys, tags })),
      clear: () => this.#store.clear(),
    });
  }

  async #tidy(): Promise<void> {
    if (!this.serving) return;
    try {
      await this.#store.tidy();
    } catch (error) {
      log.warn({ err: error }, 'what is old in the second tier could not be removed');
    }
  }
}

const keyNames = (keys: readonly string[]): string[] => keys.map((key) => nameOf('key', key));
const tagNames = (tags: readonly string[]): string[] => tags.map((tag) => nameOf('tag', tag));
