import { BarRows, barStamp, endsOf, NO_VALUE } from '../ingest/rows/bar-rows.js';
import type { FillingRows } from '../ingest/rows/bars-ingest.repository.js';
import type { BlockBounds } from './load-blocks.repository.js';
import type { KeyLines } from './key-lines.js';

/** More instruments and frames than these are described by one range, whose ends are the oldest and newest of all. */
const RANGES_MAX = 64;
/** Column of the first optional value: behind the place, four prices and the volume. */
export const FIRST_OPTIONAL = { daily: 7, minute: 8 } as const;

/** The rows of a block that are to be stored: daily ones, then minute ones. */
export class BarLines implements KeyLines {
  readonly keys: Float64Array;
  readonly lines: Float64Array;
  readonly given: Uint8Array;

  constructor(
    private readonly daily: BarRows,
    private readonly minute: BarRows,
  ) {
    this.keys = new Float64Array(daily.distinct + minute.distinct);
    this.lines = new Float64Array(this.keys.length);
    this.given = new Uint8Array(this.keys.length);
    let place = 0;
    for (const rows of [daily, minute]) {
      for (const row of rows.stored()) {
        this.keys[place] = rows.keyOf(row);
        this.lines[place] = rows.lineOf(row);
        this.given[place] = rows.givenOf(row);
        place += 1;
      }
    }
  }

  /** Copies of rows with the optional values that no later line of the file gives, as bits of {@link KeyLines.given}. */
  filling(values: ReadonlyMap<number, number>): FillingRows {
    const [daily, minute] = [this.daily.stored(), this.minute.stored()];
    const filling = { daily: new BarRows(0), minute: new BarRows(0) };
    for (const [place, bits] of values) {
      const isDaily = place < daily.length;
      const [from, to] = isDaily ? [this.daily, filling.daily] : [this.minute, filling.minute];
      const row = isDaily ? daily[place] : minute[place - daily.length];
      if (row === undefined) continue;
      const cells = from.cells(row);
      const first = isDaily ? FIRST_OPTIONAL.daily : FIRST_OPTIONAL.minute;
      const kept = cells.map((cell, at) => (at < first || (bits & (1 << (at - first))) !== 0 ? cell : NO_VALUE));
      to.addCells(from.keyOf(row), from.lineOf(row), kept);
    }
    return filling;
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
}

/** Where keys of bars lie. */
export function boundsOf(keys: Float64Array): BlockBounds {
  if (keys.length === 0) return { stamps: undefined, ranges: [] };
  const ends = [...endsOf(keys).values()];
  const stamps = ends.flatMap(({ oldest, newest }) => [barStamp(oldest), barStamp(newest)]);
  const ranges = ends.map(({ oldest, newest }): [number, number] => [oldest, newest]);
  return { stamps: hullOf(stamps), ranges: ranges.length > RANGES_MAX ? [hullOf(ranges.flat())] : ranges };
}

const hullOf = (numbers: readonly number[]): [number, number] => [
  numbers.reduce((a, b) => Math.min(a, b), Infinity),
  numbers.reduce((a, b) => Math.max(a, b), -Infinity),
];
