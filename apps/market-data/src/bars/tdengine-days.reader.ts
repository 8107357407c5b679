import type { StoredTimeframe } from '@mystocks/contracts';
import { mapBounded } from '@mystocks/kernel';
import { dayGaps, type DaySpan } from '../timeseries/day-gaps.js';
import { contradictsDay, madeDay } from '../timeseries/frame-choice.js';
import { TdengineBarsReader, type Limited, type StoredDay } from './tdengine-bars.reader.js';

const ALL_MINUTES = 60;
/** Symbols that are read at the same time. */
const AT_ONCE = 8;
const dayOf = (time: string): string => (time.endsWith('infinity') ? time : time.slice(0, 10));
const rangeOf = (days: DaySpan): Pick<Limited, 'from' | 'to'> => ({
  from: days.first.endsWith('infinity') ? days.first : `${days.first}T00:00:00.000`,
  to: days.last.endsWith('infinity') ? days.last : `${days.last}T23:59:59.999`,
});

/** Reads the days of one symbol, as completedDays in bars/sql/frames.ts does. */
export class TdengineDaysReader {
  constructor(private readonly bars: TdengineBarsReader) {}

  /** Daily bars, and bars made of minute bars for days without one; `compared` of the newest are compared with their minutes. */
  async days(range: Limited, compared: number): Promise<readonly StoredDay[]> {
    const standing = await this.bars.frame(range, '1Day');
    const inTime = range.sort === 'asc' ? standing : standing.toReversed();
    const span = spanOf(inTime, range);
    const { names } = await this.bars.frames({ ...range, ...rangeOf(span) }, ALL_MINUTES);
    if (names.length === 0) return standing;
    const gaps = dayGaps(
      inTime.map(({ t }) => dayOf(t)),
      span,
    );
    const made = await this.#made(range, gaps, names);
    const conflicts = await this.#conflicts(range, compared === 0 ? [] : inTime.slice(-compared), names);
    const days = [...standing.map((day) => ({ ...day, conflict: conflicts.has(day.t) })), ...made];
    days.sort((a, b) => (a.t < b.t === (range.sort === 'asc') ? -1 : 1));
    return days.slice(0, range.limit);
  }

  /** The newest two days of each symbol as {@link days} reads them, at little cost where none of them is made of minute bars. */
  async newestTwo(symbols: readonly string[]): Promise<(readonly StoredDay[])[]> {
    const minuteDays = await this.bars.newestMinuteDays(symbols);
    return mapBounded(symbols, { atOnce: AT_ONCE }, async (symbol) => {
      const range = { symbol, from: '-infinity', to: 'infinity', sort: 'desc', limit: 2 } as const;
      const standing = await this.bars.frame(range, '1Day');
      const inTime = standing.toReversed();
      const gaps = dayGaps(
        inTime.map(({ t }) => dayOf(t)),
        spanOf(inTime, range),
      );
      const minuteDay = minuteDays.get(symbol);
      const mayBeMade = minuteDay !== undefined && gaps.some(({ first }) => first <= minuteDay);
      return mayBeMade ? this.days(range, 0) : standing;
    });
  }

  async #made(range: Limited, gaps: readonly DaySpan[], frames: readonly StoredTimeframe[]): Promise<StoredDay[]> {
    const made: StoredDay[] = [];
    for (const gap of range.sort === 'asc' ? gaps : gaps.toReversed()) {
      for await (const { day, bars } of this.bars.days({ ...range, ...rangeOf(gap) }, frames)) {
        made.push({ ...madeDay(day, bars), factor: null });
        if (made.length >= range.limit) return made;
      }
    }
    return made;
  }

  /** Stamps of those days that their minutes contradict; days are given in the order of time. */
  async #conflicts(
    range: Limited,
    days: readonly StoredDay[],
    frames: readonly StoredTimeframe[],
  ): Promise<ReadonlySet<string>> {
    const [first, last] = [days[0], days.at(-1)];
    if (first === undefined || last === undefined) return new Set();
    const byDay = new Map(days.map((day) => [dayOf(day.t), day]));
    const conflicts = new Set<string>();
    const within = rangeOf({ first: dayOf(first.t), last: dayOf(last.t) });
    for await (const { day, bars } of this.bars.days({ ...range, ...within }, frames)) {
      const standing = byDay.get(day);
      if (standing !== undefined && contradictsDay(standing, bars)) conflicts.add(standing.t);
    }
    return conflicts;
  }
}

/** The days a page speaks of: where its rows ended at their limit, no day behind the last of them. */
function spanOf(inTime: readonly StoredDay[], { from, to, sort, limit }: Limited): DaySpan {
  const isCut = inTime.length >= limit;
  const [oldest, newest] = [inTime[0]?.t ?? from, inTime.at(-1)?.t ?? to];
  return {
    first: dayOf(isCut && sort === 'desc' ? oldest : from),
    last: dayOf(isCut && sort === 'asc' ? newest : to),
  };
}
