import type { CacheEntries } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';
import {
  MISS,
  type LeaseClaim,
  type LeasedEntry,
  type Entry,
  type Lease,
  type Lookup,
  type Tier,
} from '@mystocks/tiered-cache';

/** A tier whose store is away for a while. As the port demands, it then misses, and does not serve what it could not hear of. */
export class LeavingTier implements Tier {
  readonly kind = 'memory';
  #missed = false;
  #away = false;

  constructor(private readonly tier: Tier) {}

  leave(): void {
    this.#away = true;
  }

  async comeBack(): Promise<void> {
    if (this.#missed) await this.tier.clear();
    this.#missed = this.#away = false;
  }

  get serving(): boolean {
    return !this.#away;
  }

  get(key: string): Promise<Lookup> {
    return this.#away ? Promise.resolve(MISS) : this.tier.get(key);
  }

  getMany(keys: readonly string[]): Promise<Lookup[]> {
    return this.#away ? Promise.resolve(keys.map(() => MISS)) : this.tier.getMany(keys);
  }

  claim(key: string, leaseMs: number): Promise<LeaseClaim> {
    return this.#away ? Promise.resolve({ state: 'none' }) : this.tier.claim(key, leaseMs);
  }

  renew(lease: Lease, leaseMs: number): Promise<boolean> {
    return this.#away ? Promise.resolve(false) : this.tier.renew(lease, leaseMs);
  }

  release(lease: Lease): Promise<void> {
    return this.#away ? Promise.resolve() : this.tier.release(lease);
  }

  set(kept: Entry, lease: Lease): Promise<boolean> {
    return this.#away ? Promise.resolve(false) : this.tier.set(kept, lease);
  }

  setMany(entries: readonly LeasedEntry[]): Promise<boolean[]> {
    return this.#away ? Promise.resolve(entries.map(() => false)) : this.tier.setMany(entries);
  }

  invalidate(tags: readonly string[], lsn: Lsn): Promise<void> {
    return this.#away ? this.#miss(undefined) : this.tier.invalidate(tags, lsn);
  }

  drop(entries: CacheEntries): Promise<number> {
    return this.#away ? this.#miss(0) : this.tier.drop(entries);
  }

  clear(): Promise<void> {
    return this.#away ? this.#miss(undefined) : this.tier.clear();
  }

  probe(): Promise<void> {
    return this.#away ? Promise.reject(new Error('away')) : this.tier.probe();
  }

  close(): Promise<void> {
    return this.tier.close();
  }

  #miss<T>(result: T): Promise<T> {
    this.#missed = true;
    return Promise.resolve(result);
  }
}
