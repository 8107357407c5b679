import type { Kept, Lookup } from './kept.js';

export interface Entry {
  readonly key: string;
  readonly kept: Kept;
}

/**
 * A cache tier outside the reader's own memory. It never throws and never holds a reader up: what is slow, broken or
 * gone is a miss, and it heals by itself.
 */
export interface Tier {
  /** What it is built on, for people: `redis`, `memory`. */
  readonly kind: string;
  /** Whether reads can be answered now. */
  readonly serving: boolean;
  /** A hit is never older than its `expiresAtMs`. */
  get(key: string): Promise<Lookup>;
  set(key: string, kept: Kept): Promise<void>;
  /** {@link set} for many in few round trips: says of each, in the order given, whether it is kept now. */
  setMany(entries: readonly Entry[]): Promise<boolean[]>;
  /** Drops every answer that carries one of `tags`. When that cannot be done now, nothing is served until all was cleared. */
  deleteTags(tags: readonly string[]): Promise<void>;
  /** Drops everything of this house; done later when it cannot be done now, and nothing is served until then. */
  clear(): Promise<void>;
  close(): Promise<void>;
}
