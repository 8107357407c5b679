import { chinaLocal, instantOf } from '@mystocks/calendar';

/** A stamp of milliseconds has so many characters. */
const MS_END = 23;

/**
 * China local time of an RFC 3339 instant: `2024-06-14T09:31:00.000`, or with microseconds where it has some. Digits behind
 * the microsecond are cut, because a cut stamp never lies in the future. Two stamps order as their texts do.
 */
export function stampOf(instant: string): string {
  return withMicros(Date.parse(instant), /\.\d{3}(\d{1,3})/.exec(instant)?.[1] ?? '');
}

/** The same of epoch microseconds. */
export const stampOfMicros = (us: number): string =>
  withMicros(Math.floor(us / 1_000), String(us % 1_000).padStart(3, '0'));

/** Epoch microseconds of a stamp. */
export const microsOf = (stamp: string): number =>
  instantOf(stamp.slice(0, MS_END)) * 1_000 + Number(stamp.slice(MS_END));

function withMicros(ms: number, digits: string): string {
  const micros = digits.padEnd(3, '0');
  return micros === '000' ? chinaLocal(ms) : chinaLocal(ms) + micros;
}
