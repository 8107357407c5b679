import type { CacheEntries } from '@mystocks/contracts';
import { laterLsn, type Lsn } from '@mystocks/kernel';

/** A store that can do what is pending. */
export interface InvalidationTarget {
  invalidate(tags: readonly string[], lsn: Lsn): Promise<unknown>;
  drop(entries: Required<CacheEntries>): Promise<unknown>;
  clear(): Promise<unknown>;
}

interface Pending {
  readonly invalidated: Set<string>;
  readonly keys: Set<string>;
  readonly tags: Set<string>;
  lsn: Lsn | undefined;
  isAll: boolean;
}

const nothing = (): Pending => ({
  invalidated: new Set(),
  keys: new Set(),
  tags: new Set(),
  lsn: undefined,
  isAll: false,
});

/**
 * Invalidations and drops that a store could not do when they were requested. It does them before it serves again, so that
 * a short outage costs the entries that were written meanwhile and not all of them. With more names than fit, and after a
 * second failure, everything is cleared instead. All tags are invalidated together, at the latest position: that
 * invalidates too much, never too little.
 */
export class PendingInvalidations {
  #pending = nothing();

  /** The market has a little more than half as many names, two for each symbol. */
  constructor(private readonly namesMax = 20_000) {}

  invalidate(tags: readonly string[], lsn: Lsn): void {
    this.#pending.lsn = laterLsn(this.#pending.lsn, lsn);
    this.#note(this.#pending.invalidated, tags);
  }

  drop({ keys = [], tags = [] }: CacheEntries): void {
    this.#note(this.#pending.keys, keys);
    this.#note(this.#pending.tags, tags);
  }

  clear(): void {
    this.#pending = { ...nothing(), isAll: true };
  }

  /** Has `store` do everything that is pending; what is added meanwhile stays pending. Rejects when the store does. */
  async applyTo(store: InvalidationTarget): Promise<void> {
    const { isAll, lsn, invalidated, keys, tags } = this.#pending;
    this.#pending = nothing();
    try {
      if (isAll) return void (await store.clear());
      if (lsn !== undefined) await store.invalidate([...invalidated], lsn);
      if (keys.size + tags.size > 0) await store.drop({ keys: [...keys], tags: [...tags] });
    } catch (error) {
      this.clear();
      throw error;
    }
  }

  #note(names: Set<string>, more: readonly string[]): void {
    if (this.#pending.isAll) return;
    for (const name of more) names.add(name);
    const { invalidated, keys, tags } = this.#pending;
    if (invalidated.size + keys.size + tags.size > this.namesMax) this.clear();
  }
}
