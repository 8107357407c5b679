import { addDays } from '@mystocks/calendar';
import fc from 'fast-check';

interface ModelDay {
  readonly day: string;
  readonly close: number;
  readonly pre: number | undefined;
  readonly factor: number | undefined;
}

/** Daily bars and factors by ex-date of one instrument, both in order. */
export interface History {
  readonly days: readonly ModelDay[];
  readonly given: readonly { readonly day: string; readonly factor: number }[];
}

const FIRST = '2024-01-01';
const DAYS = 60;

/** The factor of a day, found the slow way; undefined where it is not known. */
export function factorAt({ days, given }: History, day: string): number | undefined {
  const own = days.flatMap((one) => (one.factor === undefined ? [] : [{ day: one.day, factor: one.factor }]));
  const latest = [...given, ...own]
    .filter((one) => one.day <= day)
    .reduce<{ day: string; factor: number } | undefined>(
      (last, one) => (last === undefined || one.day >= last.day ? one : last),
      undefined,
    );
  if (latest === undefined) return undefined;
  const since = days.filter((one) => one.day >= latest.day && one.day <= day);
  const gaps = since
    .slice(1)
    .filter(({ pre }, index) => pre !== undefined && Math.abs(pre - (since[index]?.close ?? 0)) > 0.004);
  return gaps.length > 0 ? undefined : latest.factor;
}

/** Price × factor ÷ newest, half up: to 4 decimals, or below 0.01 to as many as three digits need. */
export function expectedPrice(price: number, factor: number, newest: number): number {
  const up = BigInt(Math.round(price * 1e4)) * BigInt(Math.round(factor * 1e6));
  const down = 10n ** 4n * BigInt(Math.round(newest * 1e6));
  let decimals = 4;
  if (up * 100n < down) while (up * 10n ** BigInt(decimals) < 100n * down) decimals += 1;
  const units = (2n * up * 10n ** BigInt(decimals) + down) / (2n * down);
  return Number(`${units}e-${decimals}`);
}

const aFactor = fc.integer({ min: 1, max: 3_000_000 }).map((millionths) => millionths / 1e6);
const maybe = <T>(of: fc.Arbitrary<T>, freq: number): fc.Arbitrary<T | undefined> =>
  fc.option(of, { nil: undefined, freq });

/** A history with days missing, factors here and there, and previous closes that mostly are those of the day before. */
export const exDayHistory: fc.Arbitrary<History> = fc
  .record({
    offsets: fc.uniqueArray(fc.nat({ max: DAYS }), { minLength: 10, maxLength: DAYS }),
    marks: fc.array(
      fc.record({
        close: fc.integer({ min: 1, max: 3_000 }).map((fen) => fen / 100),
        factor: maybe(aFactor, 1),
        pre: fc.constantFrom('none', 'same', 'same', 'same', 'same', 'ex'),
      }),
      { minLength: DAYS + 1, maxLength: DAYS + 1 },
    ),
    given: fc.uniqueArray(fc.tuple(fc.nat({ max: DAYS }), aFactor), { maxLength: 5, selector: ([offset]) => offset }),
    density: fc.constantFrom(0, 0.1, 1),
  })
  .map(({ offsets, marks, given, density }) => {
    const ordered = offsets.sort((a, b) => a - b);
    let before: number | undefined;
    const days = ordered.map((offset, index): ModelDay => {
      const { close, factor, pre } = marks[offset] as (typeof marks)[number];
      const previous = pre === 'none' ? undefined : pre === 'ex' ? close : before;
      before = close;
      return {
        day: addDays(FIRST, offset),
        close,
        pre: previous,
        factor: index % 10 < density * 10 ? factor : undefined,
      };
    });
    return {
      days,
      given: given
        .map(([offset, factor]) => ({ day: addDays(FIRST, offset), factor }))
        .sort((a, b) => (a.day < b.day ? -1 : 1)),
    };
  });
