import type { CacheEntries } from '@mystocks/contracts';
import { compareLsn, laterLsn, type Clock, type Lsn } from '@mystocks/kernel';
import { LRUCache } from 'lru-cache';
import type { LeaseClaim, Lease } from './tier.js';

interface HeldLease {
  readonly fence: number;
  readonly untilMs: number;
}

/** A write or drop that touched a tag. After one without a position (a drop) no answer requested before it may be stored. */
interface Stamp {
  readonly fence: number;
  readonly lsn: Lsn | undefined;
}

/** Above these bounds the lease or stamp that was not used for longest is evicted. */
const HELD_MAX = 20_000;
const STAMPS_MAX = 20_000;

/**
 * The leases of keys, and the writes and drops that overtake them, in the memory of one process. The fence is the clock in
 * microseconds, made to grow, so that it goes on rising after a restart.
 *
 * Memory is bounded: an evicted lease is lost, and an evicted stamp becomes the floor for all leases. Both refuse too much,
 * never too little.
 */
export class Leases {
  readonly #held = new LRUCache<string, HeldLease>({ max: HELD_MAX });
  readonly #stamps: LRUCache<string, Stamp>;
  #fence = 0;
  #floor = 0;

  constructor(private readonly clock: Clock) {
    this.#stamps = new LRUCache<string, Stamp>({
      max: STAMPS_MAX,
      dispose: ({ fence }, _tag, reason) => {
        if (reason === 'evict') this.#floor = Math.max(this.#floor, fence);
      },
    });
  }

  claim(key: string, leaseMs: number): LeaseClaim {
    const held = this.#held.get(key);
    const nowMs = this.clock.now();
    if (held !== undefined && held.untilMs > nowMs) return { state: 'held', forMs: held.untilMs - nowMs };
    const fence = this.#nextFence();
    this.#held.set(key, { fence, untilMs: nowMs + leaseMs });
    return { state: 'leased', lease: { key, fence } };
  }

  renew({ key, fence }: Lease, leaseMs: number): boolean {
    if (!this.#holds({ key, fence })) return false;
    this.#held.set(key, { fence, untilMs: this.clock.now() + leaseMs });
    return true;
  }

  /** Ends the lease. Returns whether it was still held. */
  end(lease: Lease): boolean {
    const holds = this.#holds(lease);
    if (holds) this.#held.delete(lease.key);
    return holds;
  }

  /** Whether an answer requested at the position `after` shows everything that touched `tags` since the lease was given. */
  allows({ fence }: Lease, tags: readonly string[], after: Lsn | undefined): boolean {
    if (fence < this.#floor) return false;
    return tags.every((tag) => {
      const stamp = this.#stamps.peek(tag);
      return stamp === undefined || stamp.fence < fence || showsWrite(after, stamp.lsn);
    });
  }

  /** A write at `lsn` touched `tags`. Returns its fence, as {@link drop} and {@link clear} do. */
  invalidate(tags: readonly string[], lsn: Lsn): number {
    const fence = this.#nextFence();
    for (const tag of tags) {
      const before = this.#stamps.peek(tag);
      // A drop stays a drop: an answer that was requested before it must not be stored because it shows a later write.
      const wasDrop = before !== undefined && before.lsn === undefined;
      this.#stamps.set(tag, { fence, lsn: wasDrop ? undefined : laterLsn(before?.lsn, lsn) });
    }
    return fence;
  }

  /** Ends the leases of the keys; answers with one of the tags that were requested before must not be stored. */
  drop({ keys = [], tags = [] }: CacheEntries): number {
    const fence = this.#nextFence();
    for (const key of keys) this.#held.delete(key);
    for (const tag of tags) this.#stamps.set(tag, { fence, lsn: undefined });
    return fence;
  }

  /** Ends every lease. */
  clear(): number {
    this.#floor = this.#nextFence();
    this.#held.clear();
    return this.#floor;
  }

  /** Another process has issued this fence: those of this process continue from there. */
  advance(fence: number): void {
    this.#fence = Math.max(this.#fence, fence);
  }

  #holds({ key, fence }: Lease): boolean {
    const held = this.#held.peek(key);
    return held !== undefined && held.fence === fence && held.untilMs > this.clock.now();
  }

  #nextFence(): number {
    this.#fence = Math.max(this.#fence + 1, Math.floor(this.clock.now() * 1_000));
    return this.#fence;
  }
}

function showsWrite(after: Lsn | undefined, lsn: Lsn | undefined): boolean {
  return after !== undefined && lsn !== undefined && compareLsn(after, lsn) >= 0;
}
