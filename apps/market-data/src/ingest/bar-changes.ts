import { withZone } from '@mystocks/calendar';
import type { Bar, StoredTimeframe } from '@mystocks/contracts';
import { isSuspended } from '../timeseries/shown-bar.js';
import { barPlace, endsOf, NO_VALUE, type BarRows } from './bar-rows.js';

/** Bars of one instrument and frame that a block changed. */
export interface BarChange {
  readonly instrument: number;
  readonly timeframe: StoredTimeframe;
  readonly from: string;
  readonly to: string;
  /** The newest of them. */
  readonly bar: Bar;
}

/** Groups changed rows by instrument and frame. */
export function changesOf(rows: BarRows, changed: readonly number[]): BarChange[] {
  const ends = [...endsOf(Float64Array.from(changed, (row) => rows.keyOf(row))).values()];
  // Only the newest are looked up: a block changes thousands of rows of a few instruments.
  const rowOf = new Map(ends.map(({ newest }) => [newest, 0]));
  for (const row of changed) if (rowOf.has(rows.keyOf(row))) rowOf.set(rows.keyOf(row), row);
  return ends.map(({ oldest, newest }) => {
    const { instrument, timeframe, day } = barPlace(newest);
    return { instrument, timeframe, from: barPlace(oldest).day, to: day, bar: barOf(rows, rowOf.get(newest) ?? 0) };
  });
}

function barOf(rows: BarRows, row: number): Bar {
  const { timeframe, day, time } = barPlace(rows.keyOf(row));
  const cells = rows.cells(row).slice(timeframe === '1Day' ? 2 : 3);
  const [o = 0, h = 0, l = 0, c = 0, v = 0] = cells.slice(0, 5).map(Number);
  const amt = cells[5];
  const bar = { open: o, high: h, low: l, close: c, volume: v };
  const isSuspendedDay = timeframe === '1Day' && isSuspended(bar, cells[8] === '0' ? 0 : null);
  return {
    t: withZone(`${day}T${time}:00`),
    o,
    h,
    l,
    c,
    v,
    ...(amt === undefined || amt === NO_VALUE ? {} : { amt: Number(amt) }),
    ...(isSuspendedDay ? { suspended: true } : {}),
  };
}
