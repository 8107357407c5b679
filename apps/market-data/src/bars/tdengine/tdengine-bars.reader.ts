import { addDays, chinaLocal, instantOf } from '@mystocks/calendar';
import type { StoredTimeframe } from '@mystocks/contracts';
import { Injectable } from '@nestjs/common';
import { chosenBars, hasConflict, type FrameBar } from './frame-choice.js';
import { isSuspended, type StoredBar } from '../stored/shown-bar.js';
import { TdengineStore, type Row, type Value } from '../../tdengine/tdengine.store.js';
import { barsOfFrame, firstStamp, framesWithin, newestStamps, type BarsRange } from './tdengine-bars-sql.js';

/** China local times as in a BarWindow. */
export interface Range {
  readonly symbol: string;
  readonly from: string;
  readonly to: string;
  readonly sort: 'asc' | 'desc';
}

export interface Limited extends Range {
  readonly limit: number;
}

/** Minutes of the frames that bins can be made of, the coarsest first. */
const frameMinutes: readonly (readonly [StoredTimeframe, number])[] = [
  ['60Min', 60],
  ['30Min', 30],
  ['15Min', 15],
  ['5Min', 5],
  ['1Min', 1],
];
const minutesOf = (timeframe: StoredTimeframe): number => frameMinutes.find(([own]) => own === timeframe)?.[1] ?? 1;
export const minuteFrames = frameMinutes.map(([name]) => name);

/** Days that are read at once where several frames are stored: at most some 25,000 bars of each. */
const SLICE_DAYS = 100;
const [DAY_START, DAY_END] = ['T00:00:00.000', 'T23:59:59.999'];

/** Reads stored bars and factors of one symbol. */
@Injectable()
export class TdengineBarsReader {
  constructor(private readonly store: TdengineStore) {}

  /** Bars of one frame, in order. */
  async frame(range: Limited, timeframe: StoredTimeframe): Promise<StoredBar[]> {
    const rows = await this.store.query(barsOfFrame(rangeOf(range), timeframe, range));
    return rows.map(timeframe === '1Day' ? dayOf : barOf);
  }

  /** Minute bars of one frame, in order. */
  async minutes(range: Limited, timeframe: StoredTimeframe): Promise<FrameBar[]> {
    return (await this.frame(range, timeframe)).map((bar) => ({ ...bar, minutes: minutesOf(timeframe) }));
  }

  /** The frames up to `minutes` that have bars on the days of the range, the coarsest first, and the minutes of the finest. */
  async frames(
    range: Range,
    minutes: number,
  ): Promise<{ readonly names: readonly StoredTimeframe[]; readonly finest: number }> {
    const usable = frameMinutes.filter(([, own]) => own <= minutes);
    const names = usable.map(([name]) => name);
    const found = new Set(
      (await this.store.query(framesWithin(rangeOf(wholeDays(range)), names))).map(([name]) => name),
    );
    const stored = usable.filter(([name]) => found.has(name));
    return { names: stored.map(([name]) => name), finest: stored.at(-1)?.[1] ?? 1 };
  }

  /** The newest day of which a symbol has minute bars; without those that have none. */
  async newestMinuteDays(symbols: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (symbols.length === 0) return new Map();
    const names = frameMinutes.map(([name]) => name);
    const rows = await this.store.query(newestStamps(symbols, names));
    return new Map(rows.map(([symbol, ts]) => [String(symbol), stampOf(ts).slice(0, 10)]));
  }

  /** Of every day the bars that answer for it. */
  async chosen(range: Limited, frames: readonly StoredTimeframe[]): Promise<readonly FrameBar[]> {
    const [only] = frames;
    if (only === undefined) return [];
    if (frames.length === 1) return this.minutes(range, only);
    const kept: FrameBar[] = [];
    for await (const { bars } of this.days(range, frames)) {
      const conflict = hasConflict(bars);
      const inOrder = chosenBars(bars).filter(({ t }) => isWithin(t, range));
      inOrder.sort((a, b) => (a.t < b.t === (range.sort === 'asc') ? -1 : 1));
      kept.push(...inOrder.map((bar) => ({ ...bar, conflict })));
      if (kept.length >= range.limit) break;
    }
    return kept.slice(0, range.limit);
  }

  /**
   * The days of a range that have bars of these frames, in its order and always whole; read in slices of at
   * most `most` days of the calendar, so that a caller that takes few days does not wait for many.
   */
  async *days(
    range: Range,
    frames: readonly StoredTimeframe[],
    most = SLICE_DAYS,
  ): AsyncGenerator<{ readonly day: string; readonly bars: readonly FrameBar[] }> {
    for (let rest: Range | undefined = wholeDays(range); rest !== undefined;) {
      const next = await this.#nextDay(rest, frames);
      if (next === undefined) return;
      const slice = sliceOf(rest, next, Math.min(most, SLICE_DAYS));
      const days = [...Map.groupBy(await this.#slice(slice, frames), ({ t }) => t.slice(0, 10))];
      days.sort(([a], [b]) => (a < b === (range.sort === 'asc') ? -1 : 1));
      for (const [day, bars] of days) if (isWithin(`${day}T00:00:00`, rest)) yield { day, bars };
      rest = restOf(rest, slice);
    }
  }

  async #nextDay(range: Range, frames: readonly StoredTimeframe[]): Promise<string | undefined> {
    const rows = await this.store.query(firstStamp(rangeOf(range), frames, range.sort));
    return rows.map(([ts]) => stampOf(ts).slice(0, 10))[0];
  }

  async #slice(slice: Range, frames: readonly StoredTimeframe[]): Promise<FrameBar[]> {
    const read = frames.map(async (name) => {
      const rows = await this.store.query(barsOfFrame(rangeOf(slice), name, { sort: slice.sort }));
      return rows.map((row) => ({ ...barOf(row), minutes: minutesOf(name) }));
    });
    return (await Promise.all(read)).flat();
  }
}

/** The days of a range from their first moment to their last: what answers for an hour must not depend on where a page begins. */
const wholeDays = <R extends Range>(range: R): R => ({
  ...range,
  from: range.from.endsWith('infinity') ? range.from : `${range.from.slice(0, 10)}${DAY_START}`,
  to: range.to.endsWith('infinity') ? range.to : `${range.to.slice(0, 10)}${DAY_END}`,
});

function sliceOf(range: Range, day: string, days: number): Range {
  const [first, last] = range.sort === 'asc' ? [day, addDays(day, days - 1)] : [addDays(day, 1 - days), day];
  return { ...range, from: `${first}${DAY_START}`, to: `${last}${DAY_END}` };
}

/** What lies beyond the slice; nothing when that is all. */
function restOf(range: Range, slice: Range): Range | undefined {
  if (range.sort === 'asc') {
    return slice.to < range.to ? { ...range, from: `${addDays(slice.to.slice(0, 10), 1)}${DAY_START}` } : undefined;
  }
  return slice.from > range.from ? { ...range, to: `${addDays(slice.from.slice(0, 10), -1)}${DAY_END}` } : undefined;
}

const isWithin = (t: string, { from, to }: Range): boolean => `${t}.000` >= from && `${t}.000` <= to;

const msOf = (time: string): number | undefined => (time.endsWith('infinity') ? undefined : instantOf(time));
/** A range of China local times as TDengine is asked for it. */
export const rangeOf = ({ symbol, from, to }: Pick<Range, 'symbol' | 'from' | 'to'>): BarsRange => ({
  symbol,
  fromMs: msOf(from),
  toMs: msOf(to),
});

const stampOf = (ts: Value | undefined): string => chinaLocal(Number(ts)).slice(0, 19);

function barOf([ts, ...values]: Row): StoredBar {
  const [open = 0, high = 0, low = 0, close = 0, volume = 0] = values.slice(0, 5).map(Number);
  const amount = values[5] == null ? null : Number(values[5]);
  return { t: stampOf(ts), open, high, low, close, volume, amount };
}

/** A daily bar; only of days it is said that there was no trade. */
function dayOf(row: Row): StoredBar {
  const bar = barOf(row);
  return { ...bar, suspended: isSuspended(bar, row[7] == null ? null : Number(row[7])) };
}
