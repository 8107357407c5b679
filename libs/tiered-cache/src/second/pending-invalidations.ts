import type { CacheEntries } from '@mystocks/contracts';
import { laterLsn, type Lsn } from '@mystocks/kernel';

/** What a store has to do for what it owes. */
export interface InvalidationTarget {
  invalidate(tags: readonly string[], lsn: Lsn): Promise<unknown>;
  drop(entries: Required<CacheEntries>): Promise<unknown>;
  clear(): Promise<unknown>;
}

interface Owed {
  readonly outdated: Set<string>;
  readonly keys: Set<string>;
  readonly tags: Set<string>;
  lsn: Lsn | undefined;
  isAll: boolean;
}

const nothing = (): Owed => ({ outdated: new Set(), keys: new Set(), tags: new Set(), lsn: undefined, isAll: false });

/**
 * Drops and outdatings that a store could not do when it was told: it does them before it serves again, so that a
 * hiccup costs what was written meanwhile and not everything. Bounded: more names than fit, or a second failure, and
 * everything is cleared. Outdatings go together, at the latest position: that outdates too much, never too little.
 */
export class PendingInvalidations {
  #owed = nothing();

  /** 20,000 names: nearly twice what the market has, two a symbol. */
  constructor(private readonly namesMax = 20_000) {}

  invalidate(tags: readonly string[], lsn: Lsn): void {
    this.#owed.lsn = laterLsn(this.#owed.lsn, lsn);
    this.#note(this.#owed.outdated, tags);
  }

  drop({ keys = [], tags = [] }: CacheEntries): void {
    this.#note(this.#owed.keys, keys);
    this.#note(this.#owed.tags, tags);
  }

  clear(): void {
    this.#owed = { ...nothing(), isAll: true };
  }

  /** Has `store` do it all; what comes meanwhile is owed from then on. Fails with the store. */
  async applyTo(store: InvalidationTarget): Promise<void> {
    const { isAll, lsn, outdated, keys, tags } = this.#owed;
    this.#owed = nothing();
    try {
      if (isAll) return void (await store.clear());
      if (lsn !== undefined) await store.invalidate([...outdated], lsn);
      if (keys.size + tags.size > 0) await store.drop({ keys: [...keys], tags: [...tags] });
    } catch (error) {
      this.clear();
      throw error;
    }
  }

  #note(names: Set<string>, more: readonly string[]): void {
    if (this.#owed.isAll) return;
    for (const name of more) names.add(name);
    const { outdated, keys, tags } = this.#owed;
    if (outdated.size + keys.size + tags.size > this.namesMax) this.clear();
  }
}
