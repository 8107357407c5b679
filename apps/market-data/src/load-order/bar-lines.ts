import { barStamp, endsOf, type BarRows } from '../ingest/bar-rows.js';
import type { BlockBounds } from './load-blocks.repository.js';
import type { KeyLines } from './key-lines.js';

/** More instruments and frames than these are described by one range, whose ends are the oldest and newest of all. */
const RANGES_MAX = 64;

/** The rows of a block that are to be stored: daily ones, then minute ones. */
export class BarLines implements KeyLines {
  readonly keys: Float64Array;
  readonly lines: Float64Array;

  constructor(
    private readonly daily: BarRows,
    private readonly minute: BarRows,
  ) {
    this.keys = new Float64Array(daily.distinct + minute.distinct);
    this.lines = new Float64Array(this.keys.length);
    let place = 0;
    for (const rows of [daily, minute]) {
      for (const row of rows.stored()) {
        this.keys[place] = rows.keyOf(row);
        this.lines[place] = rows.lineOf(row);
        place += 1;
      }
    }
  }

  /** Takes rows out of what is to be stored: a later line of another block gives their bars. */
  drop(dropped: ReadonlyMap<number, number>): void {
    if (dropped.size === 0) return;
    const [daily, minute] = [this.daily.stored(), this.minute.stored()];
    for (const [place, by] of dropped) {
      const isDaily = place < daily.length;
      const row = isDaily ? daily[place] : minute[place - daily.length];
      if (row !== undefined) (isDaily ? this.daily : this.minute).superseded.set(row, by);
    }
  }

  get bounds(): BlockBounds {
    if (this.keys.length === 0) return { stamps: undefined, ranges: [] };
    const ends = [...endsOf(this.keys).values()];
    const stamps = ends.flatMap(({ oldest, newest }) => [barStamp(oldest), barStamp(newest)]);
    const ranges = ends.map(({ oldest, newest }): [number, number] => [oldest, newest]);
    return { stamps: hullOf(stamps), ranges: ranges.length > RANGES_MAX ? [hullOf(ranges.flat())] : ranges };
  }
}

const hullOf = (numbers: readonly number[]): [number, number] => [
  numbers.reduce((a, b) => Math.min(a, b), Infinity),
  numbers.reduce((a, b) => Math.max(a, b), -Infinity),
];
