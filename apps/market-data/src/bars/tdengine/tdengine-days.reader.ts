import type { StoredTimeframe } from '@mystocks/contracts';
import { mapBounded } from '@mystocks/kernel';
import { dayGaps, type DaySpan } from './day-gaps.js';
import { contradictsDay, madeDay } from './frame-choice.js';
import type { StoredBar } from '../stored/shown-bar.js';
import { TdengineBarsReader, type Limited } from './tdengine-bars.reader.js';

interface Minutes {
  readonly frames: readonly StoredTimeframe[];
  /** Days that are read at most. */
  readonly most: number;
}

const ALL_MINUTES = 60;
/** Symbols that are read at the same time. */
const AT_ONCE = 8;
const dayOf = (time: string): string => (time.endsWith('infinity') ? time : time.slice(0, 10));
const rangeOf = (days: DaySpan): Pick<Limited, 'from' | 'to'> => ({
  from: days.first.endsWith('infinity') ? days.first : `${days.first}T00:00:00.000`,
  to: days.last.endsWith('infinity') ? days.last : `${days.last}T23:59:59.999`,
});

/** How many days are made of minute bars at most, and how many of the newest daily bars are compared with theirs. */
export interface DayLimits {
  readonly made: number;
  readonly compared: number;
}

/** Days in the order of their range; `cut`: they end before the first day that would have been made beyond the limit. */
interface CompletedDays {
  readonly days: readonly StoredBar[];
  readonly cut: boolean;
}

/** Reads the days of one symbol, as completedDays in bars/postgres/sql/days.ts does. */
export class TdengineDaysReader {
  constructor(private readonly bars: TdengineBarsReader) {}

  /** Daily bars, and bars made of minute bars for days without one. */
  async days(range: Limited, limits: DayLimits): Promise<CompletedDays> {
    const standing = await this.bars.frame(range, '1Day');
    const inTime = range.sort === 'asc' ? standing : standing.toReversed();
    const span = spanOf(inTime, range);
    const { names } = await this.bars.frames({ ...range, ...rangeOf(span) }, ALL_MINUTES);
    if (names.length === 0) return { days: standing, cut: false };
    const gaps = dayGaps(
      inTime.map(({ t }) => dayOf(t)),
      span,
    );
    const { made, cut } = await this.#made(range, gaps, { frames: names, most: limits.made });
    const isBefore = ({ t }: StoredBar): boolean =>
      cut === undefined || (range.sort === 'asc' ? dayOf(t) < cut : dayOf(t) > cut);
    const kept = inTime.filter(isBefore);
    const conflicts = await this.#conflicts(range, kept, { frames: names, most: limits.compared });
    const days = [...kept.map((day) => ({ ...day, conflict: conflicts.has(day.t) })), ...made];
    days.sort((a, b) => (a.t < b.t === (range.sort === 'asc') ? -1 : 1));
    return { days: days.slice(0, range.limit), cut: cut !== undefined };
  }

  /** The newest two days of each symbol as {@link days} reads them, at little cost where none of them is made of minute bars. */
  async newestTwo(symbols: readonly string[]): Promise<(readonly StoredBar[])[]> {
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
      return mayBeMade ? (await this.days(range, { made: range.limit, compared: 0 })).days : standing;
    });
  }

  async #made(
    range: Limited,
    gaps: readonly DaySpan[],
    { frames, most }: Minutes,
  ): Promise<{ readonly made: readonly StoredBar[]; readonly cut: string | undefined }> {
    const made: StoredBar[] = [];
    // One more shows whether days were left out.
    const atOnce = Math.min(range.limit, most) + 1;
    for (const gap of range.sort === 'asc' ? gaps : gaps.toReversed()) {
      for await (const { day, bars } of this.bars.days({ ...range, ...rangeOf(gap) }, frames, atOnce)) {
        if (made.length >= range.limit) return { made, cut: undefined };
        if (made.length >= most) return { made, cut: day };
        made.push(madeDay(day, bars));
      }
    }
    return { made, cut: undefined };
  }

  /** Stamps of those days that their minutes contradict; days are given in the order of time. */
  async #conflicts(
    range: Limited,
    days: readonly StoredBar[],
    { frames, most }: Minutes,
  ): Promise<ReadonlySet<string>> {
    const [first, last] = [days[0], days.at(-1)];
    if (first === undefined || last === undefined || most === 0) return new Set();
    const byDay = new Map(days.map((day) => [dayOf(day.t), day]));
    const conflicts = new Set<string>();
    const within = { ...range, ...rangeOf({ first: dayOf(first.t), last: dayOf(last.t) }), sort: 'desc' as const };
    let compared = 0;
    for await (const { day, bars } of this.bars.days(within, frames, most)) {
      const standing = byDay.get(day);
      if (standing === undefined) continue;
      if (contradictsDay(standing, bars)) conflicts.add(standing.t);
      compared += 1;
      if (compared >= most) break;
    }
    return conflicts;
  }
}

/** The days a page speaks of: where its rows ended at their limit, no day behind the last of them. */
function spanOf(inTime: readonly StoredBar[], { from, to, sort, limit }: Limited): DaySpan {
  const isCut = inTime.length >= limit;
  const [oldest, newest] = [inTime[0]?.t ?? from, inTime.at(-1)?.t ?? to];
  return {
    first: dayOf(isCut && sort === 'desc' ? oldest : from),
    last: dayOf(isCut && sort === 'asc' ? newest : to),
  };
}
