import { asSimulated, type ReplayQuote, type Tick } from './replay-ticks.ts';

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
 * The quote to send. With `now` its time is when it is due; at speed 0, where all are due together, the recording is
 * moved so that its last tick is at the start: times stay apart, or a symbol's second quote would be no newer.
 */
export function quoteToSend(tick: Tick, ends: { readonly first: Tick; readonly last: Tick }, pace: Pace): ReplayQuote {
  if (!pace.now) return tick.quote;
  const atMs = pace.speed === 0 ? pace.startMs + tick.atMs - ends.last.atMs : dueMs(tick, ends.first, pace);
  return asSimulated(tick.quote, Math.floor(atMs));
}
