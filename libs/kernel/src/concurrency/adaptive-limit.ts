/** How much slower than alone a piece of work may become before less of it goes out at once. */
const INFLATION_MAX = 2;
const EASE = 0.75;
const BACK_OFF = 0.5;

/** One piece of work that is under way. */
export interface Begun {
  readonly atMs: number;
  /** How often the limit had been changed when it began. */
  readonly round: number;
}

/** `overloaded`: refused because there was too much; `failed`: ended otherwise, which says nothing about load. */
export type WorkOutcome = 'done' | 'overloaded' | 'failed';

/**
 * How many pieces of like work may be under way at once: one more after each round that stayed near its own baseline,
 * a quarter less when the work slowed down, half when it was refused. It begins with one, whose time is the baseline,
 * and learns the baseline anew whenever it is back at one. Time is an argument; nothing waits in here.
 */
export class AdaptiveLimit {
  #limit = 1;
  #round = 0;
  #baselineMs: number | undefined;
  #sumMs = 0;
  #samples = 0;

  /** @param max never more than so many */
  constructor(readonly max: number) {}

  /** So many may be under way now: at least 1, at most {@link max}. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  begin(nowMs: number): Begun {
    return { atMs: nowMs, round: this.#round };
  }

  end(begun: Begun, nowMs: number, outcome: WorkOutcome): void {
    // What began under another limit says nothing about this one; a refusal counts once a round.
    if (outcome === 'failed' || begun.round !== this.#round) return;
    if (outcome === 'overloaded') {
      this.#turn(this.#limit * BACK_OFF);
      return;
    }
    this.#sumMs += nowMs - begun.atMs;
    this.#samples += 1;
    if (this.#samples >= this.limit) this.#judge(this.#sumMs / this.#samples);
  }

  /** A round is over: as many pieces as fit at once took `meanMs` each. */
  #judge(meanMs: number): void {
    if (this.limit === 1 || this.#baselineMs === undefined) this.#baselineMs = meanMs;
    else this.#baselineMs = Math.min(this.#baselineMs, meanMs);
    const inflated = meanMs > this.#baselineMs * INFLATION_MAX;
    this.#turn(inflated ? this.#limit * EASE : this.#limit + 1);
  }

  #turn(limit: number): void {
    this.#limit = Math.min(this.max, Math.max(1, limit));
    this.#round += 1;
    this.#sumMs = 0;
    this.#samples = 0;
  }
}
