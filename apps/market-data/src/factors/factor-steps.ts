import { addDays } from '@mystocks/calendar';
import { unitsOf } from '../numbers/exact-decimal.js';

/** An adjustment factor and the day from which on it counts, `YYYY-MM-DD`. */
export interface DayFactor {
  readonly day: string;
  readonly factor: number;
}

/** What a daily bar says about adjustment. */
export interface FactorDay {
  readonly day: string;
  readonly close: number;
  readonly preClose: number | null;
  /** The factor that came with the bar. */
  readonly factor: number | null;
}

/** From this day on the factor is another one, or not known (null). */
export interface FactorStep {
  readonly day: string;
  readonly factor: number | null;
  /** Only days before this one are meant: the factor changes somewhere between two daily bars. */
  readonly until?: string;
}

const PRICE_DECIMALS = 6;
/** Prices are rounded to the fen: half of it is no difference between two of them. */
const HALF_FEN = unitsOf(0.005, PRICE_DECIMALS);

/**
 * How the factor changes over `days`, given also the factors by ex-date; both are in order. The factor of a day is the latest
 * one up to it, on the same day that of the bar. An ex-day without a factor makes it unknown until the next one; an ex-date since
 * the bar before explains it if it is the day itself, or its factor another one. Between two daily bars it is unknown unless both
 * have the same one, or an ex-date says when it changed.
 */
export function factorSteps(days: readonly FactorDay[], given: readonly DayFactor[]): FactorStep[] {
  const steps: FactorStep[] = [];
  let next = 0;
  let before: FactorDay | undefined;
  let latest: number | undefined;
  for (const day of days) {
    const since = given.slice(next, (next = placeBehind(given, next, day.day)));
    steps.push(...since);
    const last = steps.at(-1);
    const isNamed = since.some((one) => one.day === day.day || one.factor !== latest);
    const isChange = day.factor === null ? !isNamed && isExDay(day, before) : day.factor !== last?.factor;
    if (isChange && last !== undefined && last.factor !== null) steps.push(...between(before, day, last.day));
    if (day.factor !== null || isChange) steps.push({ day: day.day, factor: day.factor });
    latest = day.factor ?? since.at(-1)?.factor ?? latest;
    before = day;
  }
  steps.push(...given.slice(next));
  return steps.filter(({ factor }, index) => {
    const previous = steps[index - 1];
    return factor !== (previous?.factor ?? null) || previous?.until !== undefined;
  });
}

function placeBehind(given: readonly DayFactor[], from: number, day: string): number {
  let place = from;
  while (place < given.length && (given[place] as DayFactor).day <= day) place += 1;
  return place;
}

/** The days between two daily bars for which no factor was given: `marked` is the last day that has one. */
function between(before: FactorDay | undefined, { day }: FactorDay, marked: string): FactorStep[] {
  if (before === undefined) return [];
  const first = addDays(marked > before.day ? marked : before.day, 1);
  return first < day ? [{ day: first, factor: null, until: day }] : [];
}

/** The previous close is another price than the close of the bar before. */
function isExDay({ preClose }: FactorDay, before: FactorDay | undefined): boolean {
  if (preClose === null || before === undefined) return false;
  const difference = unitsOf(preClose, PRICE_DECIMALS) - unitsOf(before.close, PRICE_DECIMALS);
  return difference >= HALF_FEN || difference <= -HALF_FEN;
}

/** The factor of a day; undefined while it is not known. */
export function factorLine(steps: readonly FactorStep[]): (day: string) => number | undefined {
  return (day) => {
    let [from, to] = [0, steps.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((steps[middle]?.day ?? '') <= day) from = middle + 1;
      else to = middle;
    }
    return steps[from - 1]?.factor ?? undefined;
  };
}
