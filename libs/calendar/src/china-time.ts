/** A day in China, `YYYY-MM-DD`. */
export type Day = string;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STANDARD_MS = 8 * HOUR_MS;
const SUMMER_MS = 9 * HOUR_MS;

/**
 * Summer time in China: +09:00 from the first instant up to the second, +08:00 at all other times since 1950
 * (tz database, Asia/Shanghai). Clocks changed at 02:00 standard time.
 */
const SUMMERS = (
  [
    ['1986-05-04', '1986-09-14'],
    ['1987-04-12', '1987-09-13'],
    ['1988-04-17', '1988-09-11'],
    ['1989-04-16', '1989-09-17'],
    ['1990-04-15', '1990-09-16'],
    ['1991-04-14', '1991-09-15'],
  ] as const
).map(([first, last]) => ({
  fromMs: Date.parse(`${first}T02:00:00+08:00`),
  toMs: Date.parse(`${last}T01:00:00+08:00`),
}));
const SUMMERS_END_MS = Math.max(...SUMMERS.map(({ toMs }) => toMs));

/** How far China is ahead of UTC at an instant, ms. */
function offsetAt(instantMs: number): number {
  if (instantMs >= SUMMERS_END_MS) return STANDARD_MS;
  return SUMMERS.some(({ fromMs, toMs }) => instantMs >= fromMs && instantMs < toMs) ? SUMMER_MS : STANDARD_MS;
}

/** The same at a local time that is given as if it were UTC. Of an hour that came twice the first one counts. */
const offsetOfLocal = (localMs: number): number => offsetAt(localMs - SUMMER_MS);

/** An instant as if China's local time were UTC. */
const localMsOf = (instantMs: number): number => instantMs + offsetAt(instantMs);

/** The day in China at an instant. */
export function chinaDay(instantMs: number): Day {
  return new Date(localMsOf(instantMs)).toISOString().slice(0, 10);
}

/** The China local time of an instant without its zone, e.g. `2024-06-14T09:31:00.000`. */
export function chinaLocal(instantMs: number): string {
  return new Date(localMsOf(instantMs)).toISOString().slice(0, 23);
}

/** The instant of a China local time such as `2024-06-14T09:31:00`, epoch ms. */
export function instantOf(local: string): number {
  const localMs = Date.parse(`${local}Z`);
  return localMs - offsetOfLocal(localMs);
}

/** A China local time with its zone: `+08:00`, in the summers of 1986 to 1991 `+09:00`. */
export function withZone(local: string): string {
  const isSummer = local < '1992' && offsetOfLocal(Date.parse(`${local}Z`)) === SUMMER_MS;
  return `${local}${isSummer ? '+09:00' : '+08:00'}`;
}

/** Milliseconds of the local clock since midnight in China. */
export function chinaTimeOfDay(instantMs: number): number {
  return ((localMsOf(instantMs) % DAY_MS) + DAY_MS) % DAY_MS;
}

/** Midnight in China that begins `day`, epoch ms. */
export const dayStart = (day: Day): number => timeOn(day, 0);

/** The instant at which the clocks of `day` show `timeOfDayMs` since midnight, epoch ms. */
export function timeOn(day: Day, timeOfDayMs: number): number {
  const localMs = Date.parse(`${day}T00:00:00Z`) + timeOfDayMs;
  return localMs - offsetOfLocal(localMs);
}

/** The day `count` days after `day`. */
export function addDays(day: Day, count: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/** 0 Monday … 6 Sunday. */
export function weekday(day: Day): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}
