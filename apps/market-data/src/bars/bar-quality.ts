import { chinaDay, instantOf, nextActivity, type Phase } from '@mystocks/calendar';
import type { Quality } from '@mystocks/contracts';
import { isOpenPhase } from '../calendar/market-phase.js';

// A bar is sent when it is complete and then takes time to arrive; it is given the same tolerance as a quote.
const SLACK_MS = 15_000;
const MINUTE_MS = 60_000;

export interface NewestBar {
  /** Its stamp, China local time without a zone. */
  readonly stamp: string;
  /** Minutes of its frame; nothing for a day and more. */
  readonly minutes: number | undefined;
}

/**
 * How fresh bars are: closed days are `eod`; those of a day that still runs are `live` or behind. While the market rests
 * the word stays the same until it moves again.
 */
export function barQuality(newest: NewestBar, now: { readonly ms: number; readonly phase: Phase }): Quality {
  const day = newest.stamp.slice(0, 10);
  if (now.phase === 'closed') return isBeforeNextDay(day, now.ms) ? 'eod' : 'delayed';
  if (day < chinaDay(now.ms)) return 'eod';
  if (newest.minutes === undefined || !isOpenPhase(now.phase)) return 'delayed';
  return now.ms <= liveUntilMs(newest) ? 'live' : 'delayed';
}

/** The last instant at which bars of a running day may be called `live` when no newer one comes, epoch ms. */
export function liveUntilMs({ stamp, minutes = 0 }: NewestBar): number {
  return instantOf(stamp) + minutes * MINUTE_MS + SLACK_MS;
}

/** With the market closed: trading of that day is over. */
function isBeforeNextDay(day: string, nowMs: number): boolean {
  return day < chinaDay(nextActivity(nowMs));
}
