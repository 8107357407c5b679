/** A day in China, `YYYY-MM-DD`. */
export type Day = string;

/** China has kept +08:00 without daylight saving since 1991-09-15. */
const OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

/** The day in China at an instant. */
export function chinaDay(instantMs: number): Day {
  return new Date(instantMs + OFFSET_MS).toISOString().slice(0, 10);
}

/** The China local time of an instant without its zone, e.g. `2024-06-14T09:31:00.000`. */
export function chinaLocal(instantMs: number): string {
  return new Date(instantMs + OFFSET_MS).toISOString().slice(0, 23);
}

/** Milliseconds since midnight in China. */
export function chinaTimeOfDay(instantMs: number): number {
  return (((instantMs + OFFSET_MS) % DAY_MS) + DAY_MS) % DAY_MS;
}

/** Midnight in China that begins `day`, epoch ms. */
export function dayStart(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`) - OFFSET_MS;
}

/** The day `count` days after `day`. */
export function addDays(day: Day, count: number): Day {
  return chinaDay(dayStart(day) + count * DAY_MS);
}

/** 0 Monday … 6 Sunday. */
export function weekday(day: Day): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}
