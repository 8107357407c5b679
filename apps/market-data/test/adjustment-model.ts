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
  readonly given: readonly GivenFactor[];
}

const FIRST = '2024-01-01';
const DAYS = 60;

interface GivenFactor {
  readonly day: string;
  readonly factor: number;
}

/** The last factor given up to a day, that of a bar before that of an ex-date; undefined where none was. */
function latestAt({ days, given }: History, day: string): GivenFactor | undefined {
  const own = days.flatMap((one) => (one.factor === undefined ? [] : [{ day: one.day, factor: one.factor }]));
  return [...given, ...own]
    .filter((one) => one.day <= day)
    .reduce<GivenFactor | undefined>(
      (last, one) => (last === undefined || one.day >= last.day ? one : last),
      undefined,
    );
}

/** Whether the previous close of a bar without a factor differs and no ex-date says why: neither its own day, nor another factor. */
function isGap(history: History, place: number): boolean {
  const [before, own] = [history.days[place - 1], history.days[place]];
  if (before === undefined || own?.pre === undefined || own.factor !== undefined) return false;
  if (Math.abs(own.pre - before.close) < 0.004) return false;
  const counted = latestAt(history, before.day)?.factor;
  return !history.given.some(
    ({ day, factor }) => day === own.day || (day > before.day && day < own.day && factor !== counted),
  );
}

/** The factor of a day, found the slow way; undefined where it is not known. */
export function factorAt(history: History, day: string): number | undefined {
  const latest = latestAt(history, day);
  if (latest === undefined) return undefined;
  const isLost = history.days.some((one, place) => one.day > latest.day && one.day <= day && isGap(history, place));
  return isLost ? undefined : latest.factor;
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
    given: fc.uniqueArray(fc.tuple(fc.nat({ max: DAYS }), maybe(aFactor, 1)), {
      maxLength: 9,
      selector: ([offset]) => offset,
    }),
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
    // A factor that is left open is the one that counted before: it changes nothing.
    const history: { days: ModelDay[]; given: GivenFactor[] } = { days, given: [] };
    for (const [offset, factor] of given.sort(([a], [b]) => a - b)) {
      const day = addDays(FIRST, offset);
      history.given.push({ day, factor: factor ?? latestAt(history, addDays(day, -1))?.factor ?? 1 });
    }
    return history;
  });
