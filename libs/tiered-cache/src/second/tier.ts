import type { CacheEntries } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';
import type { Entry, Lookup } from '../entry.js';

/**
 * The right to ask the owner for one key and to keep its answer. There is one at a time in the whole house; a lease
 * that has ended, or that a drop or an outdating overtook, keeps nothing any more, however late its holder comes.
 */
export interface Lease {
  readonly key: string;
  /** Grows with every lease, drop and outdating that the store has seen: later ones fence off earlier ones. */
  readonly fence: number;
}

/** What became of asking for the right to fetch a key. `none`: the tier cannot say now; fetch without keeping. */
export type LeaseClaim =
  | { readonly state: 'leased'; readonly lease: Lease }
  | { readonly state: 'held'; readonly forMs: number }
  | { readonly state: 'none' };

export interface LeasedEntry {
  readonly entry: Entry;
  readonly lease: Lease;
}

/**
 * A cache tier outside the reader's own memory, shared by every instance of the cache service (but for `memory`). It
 * never throws and never holds a reader up: what is slow, broken or gone is a miss, and it heals by itself.
 */
export interface Tier {
  /** What it is built on, for people: `redis`, `tdengine`, `memory`. */
  readonly kind: string;
  /** Whether reads can be answered now. */
  readonly serving: boolean;
  /** What is kept under `key`, fresh or not, until its `graceUntilMs`. */
  get(key: string): Promise<Lookup>;
  /** {@link get} for many in few round trips, in the order given. */
  getMany(keys: readonly string[]): Promise<Lookup[]>;
  /**
   * The right to fetch `key`, for `leaseMs`, when nobody has it. Look again once it is given: whoever had it before may
   * have kept an answer since the look that missed.
   */
  claim(key: string, leaseMs: number): Promise<LeaseClaim>;
  /** `leaseMs` from now on; `false` when the lease is lost, or can no longer be known to be held. */
  renew(lease: Lease, leaseMs: number): Promise<boolean>;
  /** Gives the right back without an answer: the next one may claim it at once. */
  release(lease: Lease): Promise<void>;
  /**
   * Keeps an answer. `false`, and what is there stays, when the lease is lost, when since it was given the key or one of
   * the answer's tags was dropped or outdated by a write that the answer (asked for `after` a position) may not show,
   * when what is there is fresh and shows later writes, or when the answer is too large or past its grace. Kept or not,
   * the lease has ended then.
   */
  set(kept: Entry, lease: Lease): Promise<boolean>;
  /** {@link set} for many in few round trips: says of each, in the order given, whether it is kept now. */
  setMany(entries: readonly LeasedEntry[]): Promise<boolean[]>;
  /**
   * A write at `lsn` touched `tags`: answers that do not surely show it (asked for `after` an earlier position) are no
   * longer fresh, and leases given before keep none such. When that cannot be done now, nothing is served until it is
   * made up for. Several writes may go in one, with the latest position.
   */
  invalidate(tags: readonly string[], lsn: Lsn): Promise<void>;
  /**
   * Answers under the keys and tags are gone for good, and leases given before bring none back. Says how many are gone;
   * 0 when it could not be done now: then nothing is served until it is made up for.
   */
  drop(entries: CacheEntries): Promise<number>;
  /** Drops everything of this house; done later when it cannot be done now, and nothing is served until then. */
  clear(): Promise<void>;
  /** For readiness. @throws when the store is gone or hangs */
  probe(): Promise<void>;
  close(): Promise<void>;
}
