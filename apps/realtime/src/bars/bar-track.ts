/** Offsets are positions, but each item has one of its own: after many items in little log they lie ahead of it. */
const ITEMS_BEYOND_MAX = 1_048_576;

/**
 * The newest offset of one channel of bars that this instance has sent. Offsets are positions of the store's log: they grow,
 * but have holes, so a lost event cannot be detected from them.
 *
 * 1. Every item has an offset of its own, and a later item has a larger one: a client that has the newest offset has every item.
 * 2. A commit that is announced after a later one is noticed.
 */
export class BarTrack {
  #commit: number | undefined;
  #offset: number | undefined;

  /** `offset`: changes up to there may have been missed. */
  constructor(offset?: number) {
    this.#offset = offset;
  }

  /** Newest offset; undefined before the first change. */
  get offset(): number | undefined {
    return this.#offset;
  }

  /** Judges an event by the position of its commit: `late` when one of a later commit came before. */
  arrived(commit: number): 'next' | 'old' | 'late' {
    if (this.#commit === commit) return 'old';
    if (this.#commit !== undefined && commit < this.#commit) return 'late';
    this.#commit = commit;
    return 'next';
  }

  /**
   * Offsets for `count` items of a commit, oldest first. The last one is the position of the commit; those before it lie in
   * the log records of its bars, so that no other commit has them.
   */
  offsets(commit: number, count: number): number[] {
    const first = Math.max(commit - count + 1, (this.#offset ?? 0) + 1);
    this.#offset = first + count - 1;
    return Array.from({ length: count }, (_, index) => first + index);
  }

  /**
   * A commit at this position changed the channel, and no item was sent, because it has no subscribers. The offset grows even
   * when it was larger already: a client that left the channel at that offset has missed this change.
   */
  unsent(position: number): void {
    this.#offset = Math.max(position, (this.#offset ?? 0) + 1);
  }

  /** A snapshot of this position was sent: an event of an earlier commit is late from now on. Answers its offset. */
  snapshotSent(position: number): number {
    this.#commit = Math.max(position, this.#commit ?? 0);
    this.#offset = Math.max(position, this.#offset ?? 0);
    return this.#offset;
  }

  /**
   * The log ends at `end`. Goes back there when a later, false position was taken, and answers whether it was; then no
   * subscriber counts as recovered. Several items of one commit may lie a little beyond its position.
   */
  setBackTo(end: number): boolean {
    const isBeyond = (this.#commit ?? 0) > end || (this.#offset ?? 0) > end + ITEMS_BEYOND_MAX;
    if (!isBeyond) return false;
    this.#commit = Math.min(end, this.#commit ?? end);
    this.#offset = end + 1;
    return true;
  }

  /** A change was missed: from now on no subscriber counts as recovered, not even at the newest offset. */
  missed(): void {
    if (this.#offset !== undefined) this.#offset += 1;
  }
}
