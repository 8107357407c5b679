import type { CacheEntries } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';
import type { Entry, Lookup } from '../entry.js';

/**
 * The right to ask the owner for one key and to store its answer. All instances together have one at a time. A lease that
 * has ended, or that a drop or an invalidation overtook, stores nothing any more, however late its holder tries.
 */
export interface Lease {
  readonly key: string;
  /** Grows with every lease, drop and invalidation that the store has seen: later ones fence off earlier ones. */
  readonly fence: number;
}

/** The result of a claim. `none`: the tier cannot say now; the caller fetches without storing. */
export type LeaseClaim =
  | { readonly state: 'leased'; readonly lease: Lease }
  | { readonly state: 'held'; readonly forMs: number }
  | { readonly state: 'none' };

/** An entry with the right to store it. */
export interface LeasedEntry {
  readonly entry: Entry;
  readonly lease: Lease;
}

/**
 * A tier outside the reader's own memory, shared by every instance of the cache service (except `memory`). It never throws
 * and never delays a reader: a store that is slow, broken or gone is a miss, and the tier recovers by itself.
 */
export interface Tier {
  /** What it is built on, for operators: `redis`, `tdengine`, `memory`. */
  readonly kind: string;
  /** Whether reads can be answered now. */
  readonly serving: boolean;
  /** The entry under `key`, fresh or not, until its `graceUntilMs`. */
  get(key: string): Promise<Lookup>;
  /** {@link get} for many in few round trips, in the order given. */
  getMany(keys: readonly string[]): Promise<Lookup[]>;
  /**
   * Claims the lease of `key`, for `leaseMs`. A caller that gets it must look the key up again: the last holder may have
   * stored an entry since the lookup that missed.
   */
  claim(key: string, leaseMs: number): Promise<LeaseClaim>;
  /** Extends the lease to `leaseMs` from now. `false` when it is lost, or no longer known to be held. */
  renew(lease: Lease, leaseMs: number): Promise<boolean>;
  /** Ends the lease without an answer: the next caller may claim it at once. */
  release(lease: Lease): Promise<void>;
  /**
   * Stores an entry. `false`, and the entry that is there stays, when the lease is lost; when since it was given the key or
   * one of the entry's tags was dropped, or invalidated by a write that the entry (by its position) may not show; when the
   * entry that is there is fresh and shows later writes; or when the new one is too large or past its grace. Stored or not,
   * the lease has ended then.
   */
  set(entry: Entry, lease: Lease): Promise<boolean>;
  /** {@link set} for many in few round trips: says of each, in the order given, whether it is stored. */
  setMany(entries: readonly LeasedEntry[]): Promise<boolean[]>;
  /**
   * A write at `lsn` touched `tags`: entries that do not surely show it (those at an earlier position) are no longer fresh,
   * and leases given before store none such. If that cannot be done now, the tier serves nothing until it is done. Several
   * writes may be combined, with the latest position.
   */
  invalidate(tags: readonly string[], lsn: Lsn): Promise<void>;
  /**
   * Drops the entries under the keys and tags for good; leases given before bring none back. Returns how many there were, or
   * 0 if it could not be done now: then the tier serves nothing until it is done.
   */
  drop(entries: CacheEntries): Promise<number>;
  /** Drops all entries of this system. If that cannot be done now, the tier serves nothing until it is done. */
  clear(): Promise<void>;
  /** For readiness. @throws when the store is gone or hangs */
  probe(): Promise<void>;
  close(): Promise<void>;
}
