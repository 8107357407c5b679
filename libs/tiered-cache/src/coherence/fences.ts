import { compareLsn, laterLsn, type Lsn } from '@mystocks/kernel';

/**
 * The newest known write of each tag. An answer may be stored, and served as fresh, only if it was requested at a position
 * not older than the fence of each of its tags. So a read that was running when an event of a write arrived can never
 * store its old answer as a new one.
 *
 * Memory is bounded: the tag that was not written for longest is evicted, and raises a floor for all tags without a fence
 * of their own. That refuses too much, never too little.
 */
export class Fences {
  readonly #fences = new Map<string, Lsn>();
  #floor: Lsn | undefined;
  #latest: Lsn | undefined;

  /** The market has a little more than half as many tags, two for each symbol. */
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
   * The log ends at `end`: later positions were false. Every tag counts as written at `end`, so that no answer that was
   * requested at an earlier position, and after it at a false one, is served.
   */
  setBackTo(end: Lsn): void {
    this.#fences.clear();
    this.#floor = end;
    this.#latest = end;
  }

  /** The newest known write. Reads pass it on, so that the answers they fetch may be stored. */
  get latest(): Lsn | undefined {
    return this.#latest;
  }

  /** Whether an answer with `tags`, requested at the position `after`, shows every write that is known here. */
  allows(tags: readonly string[], after: Lsn | undefined): boolean {
    return tags.every((tag) => {
      const fence = this.#fences.get(tag) ?? this.#floor;
      return fence === undefined || (after !== undefined && compareLsn(fence, after) <= 0);
    });
  }

  /**
   * Whether an answer requested at the position `after` surely shows everything up to `readAfter`. That the event of a
   * later write has arrived says nothing about earlier ones: several processes publish them, in no common order.
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
