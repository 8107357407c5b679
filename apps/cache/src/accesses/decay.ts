const HOUR_MS = 3_600_000;
/** Older reads weigh less than a thousandth and are not looked at. */
const HALF_LIVES_MAX = 10;

/** What a read of one hour weighs. */
export interface HourWeight {
  readonly hourMs: number;
  readonly weight: number;
}

/** How long ago reads are looked at, hours. */
export const looksBackHours = (halfLifeHours: number): number => halfLifeHours * HALF_LIVES_MAX;

/** The hours that count at an instant, the newest first: a read counts half as much every `halfLifeHours`. */
export function hourWeights(nowMs: number, halfLifeHours: number): HourWeight[] {
  const thisHourMs = nowMs - (nowMs % HOUR_MS);
  return Array.from({ length: looksBackHours(halfLifeHours) }, (_, age) => ({
    hourMs: thisHourMs - age * HOUR_MS,
    weight: 0.5 ** (age / halfLifeHours),
  }));
}
