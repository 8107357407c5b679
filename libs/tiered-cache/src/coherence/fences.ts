import { compareLsn, laterLsn, type Lsn } from '@mystocks/kernel';

/**
 * The newest write known for each tag. An answer may be kept and served only if it was fetched with a log position
 * not older than the fence of each of its tags; so a read that was under way while a write was announced can never
 * come back as news.
 *
 * Bounded: a tag that falls out (longest not written) raises a floor for all tags without a fence of their own. That
 * refuses too much, never too little.
 */
export class Fences {
  readonly #fences = new Map<string, Lsn>();
  #floor: Lsn | undefined;
  #latest: Lsn | undefined;

  /** 20,000 tags: nearly twice what the market has, two a symbol. */
  constructor(private readonly tagsMax = 20_000) {}

  /** Notes a write at `lsn` that touched `tags`. */
  raise(tags: readonly string[], lsn: Lsn): void {
    for (const tag of tags) {
      const fence = laterLsn(this.#fences.get(tag) ?? this.#floor, lsn) ?? lsn;
      this.#fences.delete(tag);
      this.#fences.set(tag, fence);
    }
    this.#latest = laterLsn(this.#latest, lsn);
    this.#shrink();
  }

  /**
   * The log ends at `end`: later positions were false. Every tag counts as written at `end`, so that what was fetched after
   * an earlier position or a false one must not be served.
   */
  setBackTo(end: Lsn): void {
    this.#fences.clear();
    this.#floor = end;
    this.#latest = end;
  }

  /** The newest write known. Reads pass it down, so that what they fetch may be kept. */
  get latest(): Lsn | undefined {
    return this.#latest;
  }

  /** Whether an answer with `tags`, fetched `after` that position, shows every write known here. */
  allows(tags: readonly string[], after: Lsn | undefined): boolean {
    return tags.every((tag) => {
      const fence = this.#fences.get(tag) ?? this.#floor;
      return fence === undefined || (after !== undefined && compareLsn(fence, after) <= 0);
    });
  }

  /**
   * Whether an answer fetched `after` that position surely shows everything up to `readAfter`. That news of a later
   * write has come says nothing about the earlier ones: it comes from several processes, in no order.
   */
  covers(readAfter: Lsn | undefined, after: Lsn | undefined): boolean {
    return readAfter === undefined || (after !== undefined && compareLsn(after, readAfter) >= 0);
  }

  #shrink(): void {
    for (const [tag, lsn] of this.#fences) {
      if (this.#fences.size <= this.tagsMax) return;
      this.#fences.delete(tag);
      this.#floor = laterLsn(this.#floor, lsn);
    }
  }
}
