import { addDays, weekday } from '@mystocks/calendar';

/** Days from the first to the last, both included; `-infinity` and `infinity` where there is no end. */
export interface DaySpan {
  readonly first: string;
  readonly last: string;
}

const FRIDAY = 4;
const isEndless = (day: string): boolean => day.endsWith('infinity');
const before = (day: string): string => (isEndless(day) ? day : addDays(day, -1));
const after = (day: string): string => (isEndless(day) ? day : addDays(day, 1));

/** The parts of a span without a daily bar, in the order of time; a weekend is not a gap. `days` are in the order of time. */
export function dayGaps(days: readonly string[], span: DaySpan): DaySpan[] {
  const ends = [...days, after(span.last)];
  const gaps = ends.map((day, at) => {
    const previous = days[at - 1];
    return { first: previous === undefined ? span.first : after(previous), last: before(day), previous, day };
  });
  return gaps
    .filter(({ first, last }) => first <= last)
    .filter(
      ({ previous, day }) => previous === undefined || weekday(previous) !== FRIDAY || day !== addDays(previous, 3),
    )
    .map(({ first, last }) => ({ first, last }));
}
