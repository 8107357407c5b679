import type { Clock, Lsn } from '@mystocks/kernel';
import { Fences, freshnessOf, WriteTimes, type Freshness, type Kept, type Lookup } from '@mystocks/tiered-cache';

/** What a kept answer is good for, and the answer as long as it is good for anything. */
export type Judged =
  { readonly freshness: 'gone' } | { readonly freshness: Exclude<Freshness, 'gone'>; readonly kept: Kept };

/** What this process has heard of writes, and so which answers it may show and keep. */
export class KnownWrites {
  readonly #fences = new Fences();
  readonly #times = new WriteTimes();
  #generation = 0;
  #keepsFromMs = 0;

  /** `settleMs`: how long nothing is kept after news may have been missed. */
  constructor(
    private readonly clock: Clock,
    private readonly settleMs: number,
  ) {}

  /** The newest position announced. */
  get latest(): Lsn | undefined {
    return this.#fences.latest;
  }

  /** Grows whenever news may have been missed: what was asked for before that is not kept. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether answers asked for now may be kept at all. */
  get areWhole(): boolean {
    return this.clock.now() >= this.#keepsFromMs;
  }

  note(tags: readonly string[], lsn: Lsn): void {
    this.#fences.raise(tags, lsn);
    this.#times.note(tags, this.clock.now());
  }

  startOver(): void {
    this.#generation += 1;
    this.#keepsFromMs = this.clock.now() + this.settleMs;
  }

  /** What `found` is good for here and now, to a caller that must see `readAfter`. */
  judge(found: Lookup, readAfter: Lsn | undefined): Judged {
    if (!found.hit || !this.covers(readAfter, found.kept.after)) return { freshness: 'gone' };
    const { kept } = found;
    const outdated = found.outdated || !this.#fences.allows(kept.answer.tags, kept.after);
    const writtenAtMs = outdated ? this.#times.lastOf(kept.answer.tags) : undefined;
    const freshness = freshnessOf({ hit: true, kept, outdated }, this.clock.now(), writtenAtMs);
    return freshness === 'gone' ? { freshness } : { freshness, kept };
  }

  /** Whether what was asked for `after` that position surely shows everything up to `readAfter`. */
  covers(readAfter: Lsn | undefined, after: Lsn | undefined): boolean {
    return this.#fences.covers(readAfter, after);
  }

  /** Whether an answer asked for in `generation` shows every write that was announced since. */
  mayKeep(kept: Kept, generation: number): boolean {
    return this.areWhole && generation === this.#generation && this.#fences.allows(kept.answer.tags, kept.after);
  }
}
