import { chinaDay, dayStart, type Phase } from '@mystocks/calendar';
import type { Quality } from '@mystocks/contracts';

// A bar is sent when it is complete and then takes its way; the same slack as a quote has.
const SLACK_MS = 15_000;
const MINUTE_MS = 60_000;

export interface NewestBar {
  /** Its stamp, China local time without a zone. */
  readonly stamp: string;
  /** Minutes of its frame; nothing for a day and more. */
  readonly minutes: number | undefined;
}

/** How fresh bars are: closed days are `eod`; those of a day that still runs are `live` or behind. */
export function barQuality(
  newest: NewestBar,
  now: { readonly ms: number; readonly phase: Phase | undefined },
): Quality {
  const today = chinaDay(now.ms);
  if (newest.stamp.slice(0, 10) < today) return 'eod';
  if (now.phase === 'closed' && now.ms >= dayStart(today) + 15 * 60 * MINUTE_MS) return 'eod';
  if (newest.minutes === undefined || now.phase === undefined) return 'delayed';
  return liveLeftMs(newest, now.ms) >= 0 ? 'live' : 'delayed';
}

/** How long bars of a running day may still be called `live` when no newer one comes; below 0 they are behind. */
export function liveLeftMs({ stamp, minutes = 0 }: NewestBar, nowMs: number): number {
  return Date.parse(`${stamp}+08:00`) + minutes * MINUTE_MS + SLACK_MS - nowMs;
}
