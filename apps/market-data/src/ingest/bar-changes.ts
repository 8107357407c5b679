import { withZone } from '@mystocks/calendar';
import { barsChanged, LISTED_BARS_MAX, type Bar, type StoredTimeframe } from '@mystocks/contracts';
import { pendingEvent, type PendingEvent } from '../idempotency/pending-events.js';
import { isSuspended } from '../bars/stored/shown-bar.js';
import { barPlace, endsOf, groupOf, NO_VALUE, type BarRows } from './rows/bar-rows.js';
import type { BlockRows, StoredRows } from './rows/bars-ingest.repository.js';

/** Most bars that the events of one block list, apart from single ones. Listing more for a large file is not worth its cost. */
const BLOCK_BARS_MAX = 2_000;

/** Bars of one instrument and frame that a block changed. */
export interface BarChange {
  readonly instrument: number;
  readonly timeframe: StoredTimeframe;
  readonly from: string;
  readonly to: string;
  /** The newest changed bar. */
  readonly bar: Bar;
  /** All of them, oldest first; undefined when there are too many to list. */
  readonly bars: readonly Bar[] | undefined;
}

/** Rows that were stored, and which of them changed something. */
export interface ChangedBars {
  readonly rows: BlockRows;
  readonly stored: StoredRows;
}

/** What changed in both tables, once an instrument and frame. */
export function changesIn({ rows: { daily, minute }, stored }: ChangedBars): BarChange[] {
  return [
    ...changesOf(daily, [...stored.daily.inserted, ...stored.daily.updated]),
    ...changesOf(minute, [...stored.minute.inserted, ...stored.minute.updated]),
  ];
}

/** How many rows of both tables changed. */
export function countsOf(changed: readonly ChangedBars[]): { readonly inserted: number; readonly updated: number } {
  const tables = changed.flatMap(({ stored }) => [stored.daily, stored.minute]);
  return {
    inserted: tables.reduce((sum, { inserted }) => sum + inserted.length, 0),
    updated: tables.reduce((sum, { updated }) => sum + updated.length, 0),
  };
}

/** Groups changed rows by instrument and frame. */
export function changesOf(rows: BarRows, changed: readonly number[]): BarChange[] {
  const ends = endsOf(Float64Array.from(changed, (row) => rows.keyOf(row)));
  const listed = rowsOfGroups(rows, changed);
  // Only the newest row of a long group is looked up, because a block changes thousands of rows of a few instruments.
  const long = new Map<number, number>(
    [...ends].flatMap(([group, { newest }]) => (listed.has(group) ? [] : [[newest, 0]])),
  );
  if (long.size > 0) for (const row of changed) if (long.has(rows.keyOf(row))) long.set(rows.keyOf(row), row);
  return [...ends].map(([group, { oldest, newest }]) => {
    const { instrument, timeframe, day } = barPlace(newest);
    const bars = listed.get(group)?.map((row) => barOf(rows, row));
    const bar = bars?.at(-1) ?? barOf(rows, long.get(newest) ?? 0);
    return { instrument, timeframe, from: barPlace(oldest).day, to: day, bar, bars };
  });
}

/** The rows of each group that is short enough to be listed, in the order of time. */
function rowsOfGroups(rows: BarRows, changed: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  for (const row of changed) {
    const group = groupOf(rows.keyOf(row));
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [row]);
    // One row more than the limit shows that the group is too long.
    else if (known.length <= LISTED_BARS_MAX) known.push(row);
  }
  let listed = 0;
  const short = [...groups].filter(([, { length }]) => {
    const isListed = length === 1 || (length <= LISTED_BARS_MAX && listed + length <= BLOCK_BARS_MAX);
    if (isListed) listed += length;
    return isListed;
  });
  return new Map(short.map(([group, known]) => [group, known.sort((a, b) => rows.keyOf(a) - rows.keyOf(b))]));
}

/**
 * Merges the changes that several blocks of one transaction made to an instrument and frame. The last change of a bar
 * counts.
 */
export function mergedChange(before: BarChange, after: BarChange): BarChange {
  const from = before.from < after.from ? before.from : after.from;
  const to = before.to > after.to ? before.to : after.to;
  const bar = before.bar.t > after.bar.t ? before.bar : after.bar;
  return { ...after, from, to, bar, bars: mergedBars(before.bars, after.bars) };
}

function mergedBars(before: BarChange['bars'], after: BarChange['bars']): BarChange['bars'] {
  if (before === undefined || after === undefined) return undefined;
  const bars = new Map([...before, ...after].map((bar) => [bar.t, bar]));
  if (bars.size > LISTED_BARS_MAX) return undefined;
  return [...bars.values()].sort((a, b) => (a.t < b.t ? -1 : 1));
}

/** The events of changes. */
export function eventsOfChanges(
  changes: Iterable<BarChange>,
  symbols: ReadonlyMap<number, string>,
  receivedAtMs: number,
): PendingEvent[] {
  return [...changes].flatMap((change) => {
    const symbol = symbols.get(change.instrument);
    return symbol === undefined ? [] : [eventOfChange(symbol, change, receivedAtMs)];
  });
}

function eventOfChange(symbol: string, change: BarChange, received_at_ms: number): PendingEvent {
  const { timeframe, from, to, bar, bars } = change;
  const listed = bars === undefined ? {} : { bars: [...bars] };
  return pendingEvent(barsChanged, { symbol, timeframe, from, to, bar, ...listed, received_at_ms });
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
