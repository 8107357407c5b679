import { fixedNames, joinSql, sql, type Sql } from '@mystocks/connection-pool';

/*
 * What lives in TDengine: two stables, and of each a child table for every series. A symbol names one instrument
 * (market_data.instruments), stock or index, so it names its series too.
 *
 * `writer` is the PostgreSQL transaction that wrote a row (series-transaction.ts), `fresh`: nothing stood there before.
 * `ticks` holds quotes: `stamp` is the time of a quote in microseconds, `ts` a key in milliseconds that orders as quotes do.
 * KEEP: older rows are refused, and the exchanges opened in 1990. `bids`, `asks`: JSON of ten levels at most.
 */

/** Values of a bar in the order of their columns; the first five are always there. */
export const barColumns = [
  'open',
  'high',
  'low',
  'close',
  'volume',
  'amount',
  'pre_close',
  'adj_factor',
  'trade_status',
] as const;

/** Those of a quote. */
export const quoteColumns = [
  'stamp',
  'seq',
  'last_price',
  'prev_close',
  'open',
  'high',
  'low',
  'volume',
  'amount',
  'bids',
  'asks',
  'simulated',
  'received_at',
  'writer',
] as const;

/** A list of columns as it stands in SQL. */
export const columnList = (names: readonly string[]): Sql => joinSql(names.map(fixedNames(...names)), ',');

/** Makes what is missing, in this order; may run any number of times. */
export function schemaStatements(database: string): Sql[] {
  const name = fixedNames(database)(database);
  return [
    sql`CREATE DATABASE IF NOT EXISTS ${name} VGROUPS 2 PRECISION 'ms' KEEP 36500`,
    sql`CREATE STABLE IF NOT EXISTS bars (ts TIMESTAMP, open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume BIGINT,
      amount DOUBLE, pre_close DOUBLE, adj_factor DOUBLE, trade_status TINYINT, writer BIGINT, fresh BOOL)
      TAGS (symbol VARCHAR(16), exchange VARCHAR(8), timeframe VARCHAR(8))`,
    sql`CREATE STABLE IF NOT EXISTS ticks (ts TIMESTAMP, stamp BIGINT, seq BIGINT, last_price DOUBLE, prev_close DOUBLE, open DOUBLE,
      high DOUBLE, low DOUBLE, volume BIGINT, amount DOUBLE, bids VARCHAR(640), asks VARCHAR(640), simulated BOOL,
      received_at TIMESTAMP, writer BIGINT) TAGS (symbol VARCHAR(16), exchange VARCHAR(8))`,
  ];
}
