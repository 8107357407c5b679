import { addDays, chinaDay, isProvisional, isTradingDay, phaseAt, timeOn, type Day } from '@mystocks/calendar';

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

/** The first one after an instant; beyond the end of the calendar every weekday counts. */
export function nextSessionRun(afterMs: number): SessionRun {
  for (let day = chinaDay(afterMs); ; day = addDays(day, 1)) {
    const atMs = timeOn(day, BEFORE_SESSION_MS);
    if (atMs > afterMs && isTradingDay(day)) return { day, atMs };
  }
}

/** Whether quotes stand still for now, at night or at lunch. A provisional trading day may turn out to be either. */
export function isStill(nowMs: number): boolean {
  if (isProvisional(chinaDay(nowMs))) return false;
  const phase = phaseAt(nowMs);
  return phase === 'closed' || phase === 'lunch';
}
