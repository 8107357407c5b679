import { childTables, joinSql, literal, sql, type Sql, type TableRows } from '@mystocks/connection-pool';
import { SYMBOL } from '@mystocks/validation';
import type { StoredTimeframe } from '@mystocks/contracts';
import { exchangeOf } from '../instruments/symbols.js';

/** The child table of a series and its tags. */
export interface Series {
  readonly table: Sql;
  readonly tags: readonly Sql[];
}

const frameWord = {
  '1Day': '1day',
  '1Min': '1min',
  '5Min': '5min',
  '15Min': '15min',
  '30Min': '30min',
  '60Min': '60min',
} as const;
const exchangeWord = { SSE: 'sse', SZSE: 'szse', BSE: 'bse' } as const;
const table = childTables('bars', 'ticks', ...Object.values(frameWord), ...Object.values(exchangeWord));

/** Names are made of six digits and fixed words, so that nothing else gets into an identifier. */
export function barsSeries(symbol: string, timeframe: StoredTimeframe): Series {
  const { code, exchange } = partsOf(symbol);
  return {
    table: table(['bars', frameWord[timeframe], exchangeWord[exchange]], code),
    tags: [symbol, exchange, timeframe].map(literal.text),
  };
}

export function quotesSeries(symbol: string): Series {
  const { code, exchange } = partsOf(symbol);
  return { table: table(['ticks', exchangeWord[exchange]], code), tags: [symbol, exchange].map(literal.text) };
}

/** Rows of a series of `stable`; each has a literal for every one of `columns`. */
export const rowsOfSeries = (
  { stable, columns }: { readonly stable: Sql; readonly columns: Sql },
  series: Series,
  rows: readonly (readonly Sql[])[],
): TableRows => ({
  head: sql`${series.table} USING ${stable} TAGS (${joinSql(series.tags, ',')}) (${columns}) VALUES`,
  rows: rows.map((values) => sql`(${joinSql(values, ',')})`),
});

function partsOf(symbol: string): { readonly code: string; readonly exchange: keyof typeof exchangeWord } {
  const exchange = SYMBOL.test(symbol) ? exchangeOf(symbol) : undefined;
  if (exchange === undefined) throw new Error(`${JSON.stringify(symbol)} names no series`);
  return { code: symbol.slice(0, 6), exchange };
}
