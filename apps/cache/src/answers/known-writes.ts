import type { Clock, Lsn } from '@mystocks/kernel';
import {
  Distrust,
  Fences,
  freshnessOf,
  WriteTimes,
  type Freshness,
  type Kept,
  type Lookup,
} from '@mystocks/tiered-cache';

/** What a kept answer is good for, and the answer as long as it is good for anything. */
export type Judged =
  { readonly freshness: 'gone' } | { readonly freshness: Exclude<Freshness, 'gone'>; readonly kept: Kept };

/** What this process has heard of writes, and so which answers it may show and keep. */
export class KnownWrites {
  readonly #fences = new Fences();
  readonly #times: WriteTimes;
  readonly #distrust: Distrust;
  #generation = 0;
  #accepts: (lsn: Lsn) => boolean = () => true;

  /** `settleMs`: how long nothing is kept after news may have been missed; `graceMs`: how long a last good answer serves. */
  constructor(
    private readonly clock: Clock,
    { settleMs, graceMs }: { readonly settleMs: number; readonly graceMs: number },
  ) {
    this.#times = new WriteTimes(graceMs);
    this.#distrust = new Distrust(settleMs);
  }

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
    return this.#distrust.isOver(this.clock.now());
  }

  note(tags: readonly string[], lsn: Lsn): void {
    this.#fences.raise(tags, lsn);
    this.#times.note(tags, lsn, this.clock.now());
  }

  /** Another process has heard that there is a write at `lsn`: answers asked for from now on show it, if it is believed. */
  learn(lsn: Lsn): void {
    if (this.#accepts(lsn)) this.#fences.raise([], lsn);
  }

  /** From now on positions of other processes are learnt only when `accepts` believes them. */
  checkPositions(accepts: (lsn: Lsn) => boolean): void {
    this.#accepts = accepts;
  }

  /** The log ends at `end`, but later positions were believed: nothing from before is trusted any more. */
  setBackTo(end: Lsn): void {
    this.#fences.setBackTo(end);
    this.#times.clear();
    this.startOver();
  }

  /** News may have been missed: what was asked for or kept before is not trusted any more. */
  startOver(): void {
    this.#generation += 1;
    this.#distrust.note(this.clock.now());
  }

  /** What `found` is good for here and now, to a caller that must see `readAfter`. */
  judge(found: Lookup, readAfter: Lsn | undefined): Judged {
    if (!found.hit || !this.covers(readAfter, found.kept.after)) return { freshness: 'gone' };
    const { kept } = found;
    const isWritten = found.outdated || !this.#fences.allows(kept.answer.tags, kept.after);
    const distrustedMs = this.#distrust.since(kept);
    const outdated = isWritten || distrustedMs !== undefined;
    // Another process has heard of later writes: what replaces this must be asked for with those in mind.
    if (distrustedMs !== undefined && kept.after !== undefined) this.learn(kept.after);
    const writtenMs = isWritten ? this.#times.firstMissedBy(kept) : undefined;
    const outdatedAtMs = Math.min(writtenMs ?? Infinity, distrustedMs ?? Infinity);
    const freshness = freshnessOf({ hit: true, kept, outdated }, this.clock.now(), outdatedAtMs);
    return freshness === 'gone' ? { freshness } : { freshness, kept };
  }

  /** Whether what was asked for `after` that position surely shows everything up to `readAfter`. */
  covers(readAfter: Lsn | undefined, after: Lsn | undefined): boolean {
    return this.#fences.covers(readAfter, after);
  }

  /** Whether an answer asked for `after` a position shows every write that touches it and was announced until now. */
  showsAll({ answer, after }: Pick<Kept, 'answer' | 'after'>): boolean {
    return this.#fences.allows(answer.tags, after);
  }

  /** Whether an answer asked for in `generation` shows every write that was announced since. */
  mayKeep(kept: Kept, generation: number): boolean {
    return generation === this.#generation && this.#fences.allows(kept.answer.tags, kept.after);
  }
}
