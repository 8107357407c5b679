import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { PostgresPool, runMigrations } from '@mystocks/connection-pool';
import { startPostgres } from '@mystocks/testing';
import { FakeBus } from '@mystocks/testing';
import { InstrumentDirectory } from '../src/instruments/instrument-directory.js';
import { InstrumentsRepository } from '../src/instruments/instruments.repository.js';
import { migrations } from '../src/migrations/index.js';

const DATA = new URL('../../../../shared/data/', import.meta.url);

/** Lines of a file of ../shared/data without its header. */
export function dataLines(file: string): string[] {
  const bytes = readFileSync(new URL(file, DATA));
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  return text.trimEnd().split('\n').slice(1);
}

/** A migrated database with the pool of the service and what reads need beside it. */
export async function startMarket() {
  const server = await startPostgres();
  await runMigrations({ url: server.ownerUrl, schema: 'market_data', migrations });
  const options = { name: 'test', size: 2, overflow: 2, statementTimeoutMs: 20_000 };
  const pool = new PostgresPool({ ...options, url: server.urlOf('market_data') });
  const bus = new FakeBus();
  const directory = new InstrumentDirectory(new InstrumentsRepository(pool), bus.bus);
  return {
    pool,
    bus,
    directory,
    stop: async (): Promise<void> => {
      await pool.close();
      await server.stop();
    },
  };
}

export type Market = Awaited<ReturnType<typeof startMarket>>;

const instrument = `SELECT DISTINCT right(code, 6) || CASE exchange WHEN 'SSE' THEN '.SH' WHEN 'SZSE' THEN '.SZ' ELSE '.BJ' END AS symbol,
  right(code, 6) AS code, exchange, CASE WHEN code LIKE 'IDX%' THEN 'index' ELSE 'stock' END AS kind, 'listed' AS status`;

/** `code,exchange,date,time,open,high,low,close,volume,amount`. */
export async function storeMinutes(market: Market, minutes: number, lines: readonly string[]): Promise<void> {
  await store(
    market,
    lines,
    'code text, exchange text, date date, time time, open numeric, high numeric, low numeric, close numeric, volume bigint, amount numeric',
    [
      `INSERT INTO market_data.bars_minute SELECT i.id, ${minutes}, s.date + s.time, s.open, s.high, s.low, s.close, s.volume, s.amount`,
    ],
  );
}

/** The columns of cn_daily_raw_2020_2023.csv.gz. */
export async function storeDays(market: Market, lines: readonly string[]): Promise<void> {
  await store(
    market,
    lines,
    `code text, exchange text, date date, open numeric, high numeric, low numeric, close numeric, pre_close numeric, volume bigint,
      amount numeric, turnover_pct text, pct_chg text, trade_status smallint, is_st text, adj_factor numeric`,
    [
      `INSERT INTO market_data.bars_daily SELECT i.id, s.date, s.open, s.high, s.low, s.close, s.volume, s.amount, s.pre_close, s.adj_factor,
        s.trade_status`,
    ],
  );
}

async function store(
  market: Market,
  lines: readonly string[],
  columns: string,
  [insert = '']: readonly string[],
): Promise<void> {
  const values = columns.split(',').map((column) => column.trim().split(' '));
  const arrays = values.map(([, type], index) => `$${index + 1}::${type ?? ''}[]`).join(', ');
  const cells = lines.map((line) => line.split(','));
  const given = values.map((_, index) => cells.map((row) => (row[index] === '' ? null : row[index])));
  const source = `unnest(${arrays}) AS s (${values.map(([name]) => name).join(', ')})`;
  await market.pool.write(async (client) => {
    await client.query({
      text: `INSERT INTO market_data.instruments (symbol, code, exchange, kind, status) ${instrument} FROM ${source} ON CONFLICT DO NOTHING`,
      values: given,
    });
    await client.query({
      text: `${insert} FROM ${source} JOIN market_data.instruments i
        ON i.code = right(s.code, 6) AND i.exchange = s.exchange AND (i.kind = 'index') = (s.code LIKE 'IDX%')`,
      values: given,
    });
  });
  await market.directory.refresh();
}
