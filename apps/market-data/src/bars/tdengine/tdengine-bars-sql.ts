import { joinSql, literal, sql, type Sql } from '@mystocks/connection-pool';
import type { StoredTimeframe } from '@mystocks/contracts';

/** Rows of one symbol between two times, both included; epoch ms, undefined without a bound. */
export interface BarsRange {
  readonly symbol: string;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
}

interface Order {
  readonly sort: 'asc' | 'desc';
  readonly limit?: number;
}

export const barsOfFrame = (range: BarsRange, timeframe: StoredTimeframe, order: Order): Sql =>
  sql`SELECT ts, open, high, low, close, volume, amount, trade_status FROM bars WHERE ${within(range, [timeframe])} ${by(order)}`;

/** `timeframe` and a stamp of each of these frames that has a bar in the range. */
export const framesWithin = (range: BarsRange, timeframes: readonly StoredTimeframe[]): Sql =>
  sql`SELECT timeframe, first(ts) FROM bars WHERE ${within(range, timeframes)} PARTITION BY timeframe`;

/** The first `ts` that any of these frames has, from the side where the order begins. */
export const firstStamp = (range: BarsRange, timeframes: readonly StoredTimeframe[], sort: Order['sort']): Sql =>
  sql`SELECT ts FROM bars WHERE ${within(range, timeframes)} ${by({ sort, limit: 1 })}`;

/** `symbol` and its newest `ts` in any of these frames. */
export const newestStamps = (symbols: readonly string[], timeframes: readonly StoredTimeframe[]): Sql =>
  sql`SELECT symbol, last(ts) FROM bars WHERE symbol IN (${joinSql(symbols.map(literal.text), ',')})
    AND timeframe IN (${joinSql(timeframes.map(literal.text), ',')}) PARTITION BY symbol`;

/** `ts, close, pre_close, adj_factor` of daily bars. */
export const factorDays = (range: BarsRange): Sql =>
  sql`SELECT ts, close, pre_close, adj_factor FROM bars WHERE ${within(range, ['1Day'])} ${by({ sort: 'asc' })}`;

/** `ts` of the last daily bar that has a factor. */
export const lastFactor = (range: BarsRange): Sql =>
  sql`SELECT ts FROM bars WHERE ${within(range, ['1Day'])} AND adj_factor IS NOT NULL ${by({ sort: 'desc', limit: 1 })}`;

function within({ symbol, fromMs, toMs }: BarsRange, timeframes: readonly StoredTimeframe[]): Sql {
  const conditions = [
    sql`symbol = ${literal.text(symbol)}`,
    sql`timeframe IN (${joinSql(timeframes.map(literal.text), ',')})`,
    ...(fromMs === undefined ? [] : [sql`ts >= ${literal.timestamp(fromMs)}`]),
    ...(toMs === undefined ? [] : [sql`ts <= ${literal.timestamp(toMs)}`]),
  ];
  return joinSql(conditions, ' AND ');
}

function by({ sort, limit }: Order): Sql {
  const order = sort === 'asc' ? sql`ORDER BY ts ASC` : sql`ORDER BY ts DESC`;
  return limit === undefined ? order : sql`${order} LIMIT ${literal.integer(limit)}`;
}
