import { addDays, chinaDay, isKnown, isTradingDay, phaseAt, timeOn, type Day } from '@mystocks/calendar';

/**
 * When the opening auction is over and five minutes remain until trading begins. What was frozen overnight ended at
 * 09:15, so nothing that is loaded earlier would live to see the open.
 */
const BEFORE_SESSION_MS = (9 * 60 + 25) * 60_000;

/** The warm-up before one trading day's session. */
export interface SessionRun {
  readonly day: Day;
  readonly atMs: number;
}

/** The first one after an instant; nothing when the trading calendar does not reach so far. */
export function nextSessionRun(afterMs: number): SessionRun | undefined {
  for (let day = chinaDay(afterMs); isKnown(day); day = addDays(day, 1)) {
    const atMs = timeOn(day, BEFORE_SESSION_MS);
    if (atMs > afterMs && isTradingDay(day)) return { day, atMs };
  }
  return undefined;
}

/** Whether quotes stand still for now, at night or at lunch. A day the calendar does not know may be any. */
export function isStill(nowMs: number): boolean {
  if (!isKnown(chinaDay(nowMs))) return false;
  const phase = phaseAt(nowMs);
  return phase === 'closed' || phase === 'lunch';
}
