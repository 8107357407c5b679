import { asSimulated, type ReplayQuote, type Tick } from './ticks.ts';

export interface Pace {
  /** Times the recorded pace; 0 = as fast as possible. */
  readonly speed: number;
  /** Stamp quotes with the present instead of the recorded time. */
  readonly now: boolean;
  readonly startMs: number;
}

/** When the tick is due; with speed 0 at once. */
export function dueMs(tick: Tick, first: Tick, pace: Pace): number {
  return pace.speed === 0 ? pace.startMs : pace.startMs + (tick.atMs - first.atMs) / pace.speed;
}

/**
 * Makes the quotes to send. With `now` a quote's time is when it is due; at speed 0, where all are due together, the
 * recording is moved so that its last tick is at the start. Times of one symbol stay at least a millisecond apart,
 * however fast it goes: a quote that is no newer than the one before would be refused.
 */
export class Stamper {
  readonly #newestMs = new Map<string, number>();
  readonly #ends: { readonly first: Tick; readonly last: Tick };
  readonly #pace: Pace;

  constructor(ends: { readonly first: Tick; readonly last: Tick }, pace: Pace) {
    this.#ends = ends;
    this.#pace = pace;
  }

  quoteOf(tick: Tick): ReplayQuote {
    const { now, speed, startMs } = this.#pace;
    if (!now) return tick.quote;
    const { first, last } = this.#ends;
    const wantedMs = Math.floor(speed === 0 ? startMs + tick.atMs - last.atMs : dueMs(tick, first, this.#pace));
    const atMs = Math.max(wantedMs, (this.#newestMs.get(tick.quote.symbol) ?? -Infinity) + 1);
    this.#newestMs.set(tick.quote.symbol, atMs);
    return asSimulated(tick.quote, atMs);
  }
}
