/**
 * When each tag was last written, as far as that was heard: an answer that a write has outdated is good for its grace
 * from then on, however long it would have been fresh.
 *
 * Bounded: the tag that was longest not written falls out; then the grace that the answer itself names holds.
 */
export class WriteTimes {
  readonly #atMs = new Map<string, number>();

  /** 20,000 tags: as many as {@link Fences}. */
  constructor(private readonly tagsMax = 20_000) {}

  note(tags: readonly string[], nowMs: number): void {
    for (const tag of tags) {
      this.#atMs.delete(tag);
      this.#atMs.set(tag, nowMs);
    }
    for (const tag of this.#atMs.keys()) {
      if (this.#atMs.size <= this.tagsMax) return;
      this.#atMs.delete(tag);
    }
  }

  /** When one of `tags` was last written (epoch ms). */
  lastOf(tags: readonly string[]): number | undefined {
    const times = tags.flatMap((tag) => this.#atMs.get(tag) ?? []);
    return times.length === 0 ? undefined : Math.max(...times);
  }
}
