import { withZone } from '@mystocks/calendar';
import { literal, type Sql } from '@mystocks/connection-pool';
import type { QuoteLevel } from '@mystocks/contracts';
import type { Row, Value } from '../../tdengine/tdengine.store.js';
import { quoteColumns } from '../../tdengine/tdengine-schema.js';
import type { LatestQuote } from '../stored/quotes.repository.js';
import { microsOf, stampOfMicros } from '../stored/quote-stamp.js';
import { contentOf, volumeOf, type HeldQuote, type StoredQuote } from '../stored/settle.js';

/** Columns of a row as this file reads and writes it. */
export const quoteRowColumns: readonly string[] = ['ts', ...quoteColumns];

/** A quote as TDengine keeps it. */
export interface QuoteRow {
  /** Key of the row, epoch ms: rows of one series order by it as their quotes do. */
  readonly ts: number;
  /** Epoch microseconds. */
  readonly stamp: number;
  readonly seq: number;
  readonly values: Readonly<Record<Content, number | null>>;
  /** JSON text. */
  readonly bids: string | null;
  readonly asks: string | null;
  readonly simulated: boolean;
  /** The PostgreSQL transaction that stored it. */
  readonly writer: number;
}

const valueColumns = {
  last_price: 'last',
  prev_close: 'prev_close',
  open: 'open',
  high: 'high',
  low: 'low',
  volume: 'v',
  amount: 'amt',
} as const;
type Content = (typeof valueColumns)[keyof typeof valueColumns];

/** A row whose columns are those of {@link quoteRowColumns}. */
export function quoteRowOf(row: Row): QuoteRow {
  const cell = (column: string): Value => row[quoteRowColumns.indexOf(column)] ?? null;
  const text = (column: string): string | null => (cell(column) === null ? null : String(cell(column)));
  const number = (column: string): number | null => (cell(column) === null ? null : Number(cell(column)));
  const values = Object.entries(valueColumns).map(([column, value]) => [value, number(column)] as const);
  return {
    ts: Number(cell('ts')),
    stamp: Number(cell('stamp')),
    seq: Number(cell('seq')),
    values: Object.fromEntries(values) as Record<Content, number | null>,
    bids: text('bids'),
    asks: text('asks'),
    simulated: cell('simulated') === true,
    writer: Number(cell('writer')),
  };
}

/** For a client, byte for byte as PostgreSQL writes it. */
export function latestQuoteOf({ stamp, seq, values, bids, asks, simulated }: QuoteRow): Omit<LatestQuote, 'place'> {
  const t = withZone(stampOfMicros(stamp));
  const { last, prev_close, open, high, low, v, amt } = values;
  const prices = `"last":${last},"prev_close":${prev_close},"open":${open},"high":${high},"low":${low}`;
  const quote = `{"t":"${t}",${prices},"v":${v},"amt":${amt},"bids":${bids},"asks":${asks},"seq":${seq}}`;
  return { quote, t, simulated };
}

export function heldQuoteOf({ stamp, seq, values, bids, asks, simulated }: QuoteRow): HeldQuote {
  const levels = (json: string | null): QuoteLevel[] | null =>
    json === null ? null : (JSON.parse(json) as QuoteLevel[]);
  return {
    seq,
    t: stampOfMicros(stamp),
    v: volumeOf(values),
    content: contentOf({ ...values, bids: levels(bids), asks: levels(asks), simulated }),
  };
}

/**
 * Keys for quotes of one series, in their order, behind the row at `heldTs`: the millisecond of the stamp, or the next one
 * that is free. TDengine keeps one row for each key, and several quotes may have the same stamp.
 */
export function keysOf(quotes: readonly StoredQuote[], heldTs: number): number[] {
  let newest = heldTs;
  return quotes.map(({ t }) => (newest = Math.max(Math.floor(microsOf(t) / 1_000), newest + 1)));
}

/** The literals that store a quote in the row of key `ts`, in the order of {@link quoteRowColumns}. */
export function quoteLiterals(
  { t, seq, quote }: StoredQuote,
  { ts, receivedAtMs, writer }: { readonly ts: number; readonly receivedAtMs: number; readonly writer: number },
): Sql[] {
  const { last, prev_close, open, high, low, v, amt, bids, asks, simulated } = quote;
  const values = [last, prev_close, open, high, low, v, amt];
  return [
    literal.timestamp(ts),
    literal.integer(microsOf(t)),
    literal.integer(seq),
    ...values.map((value) => (value === undefined ? literal.null : literal.double(value))),
    ...[bids, asks].map((side) => (side === undefined ? literal.null : literal.text(levelsJson(side)))),
    literal.boolean(simulated ?? false),
    literal.timestamp(receivedAtMs),
    literal.integer(writer),
  ];
}

const levelsJson = (levels: readonly QuoteLevel[]): string =>
  `[${levels.map(({ p, s }) => `{"p": ${p}, "s": ${s}}`).join(', ')}]`;
