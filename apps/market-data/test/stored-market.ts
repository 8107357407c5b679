import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { PostgresPool } from '@mystocks/connection-pool';
import { FakeBus, recordedData } from '@mystocks/testing';
import { barKey, BarRows, NO_VALUE } from '../src/ingest/rows/bar-rows.js';
import { IngestTransactions } from '../src/transactions/ingest-transactions.js';
import { InstrumentDirectory } from '../src/instruments/instrument-directory.js';
import { InstrumentsRepository } from '../src/instruments/instruments.repository.js';
import { onPostgres, openDatabase, type TimeseriesStore } from './timeseries-stores.js';

/** Lines of a file of the recorded data without its header. */
export function dataLines(file: string): string[] {
  const bytes = readFileSync(new URL(file, recordedData));
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  return text.trimEnd().split('\n').slice(1);
}

/** A migrated database with the pool of the service, what reads need beside it, and a store of bars and quotes. */
export async function startMarket(kind: TimeseriesStore = onPostgres) {
  const database = await openDatabase();
  const limits = { size: 2, overflow: 2, statementTimeoutMs: 20_000 };
  const pool = new PostgresPool({ name: 'test', url: database.url, ...limits });
  const bus = new FakeBus();
  const directory = new InstrumentDirectory(new InstrumentsRepository(pool), bus.bus);
  const store = await kind.open(pool, directory);
  return {
    pool,
    bus,
    directory,
    store,
    transactions: new IngestTransactions(pool),
    /** After many rows, as autovacuum does within a minute: without it the plans are those of empty tables. */
    analyze: () => database.asOwner('ANALYZE market_data.bars_daily, market_data.bars_minute'),
    stop: async (): Promise<void> => {
      await store.stop();
      await pool.close();
      database.close();
    },
  };
}

export type Market = Awaited<ReturnType<typeof startMarket>>;
/** What bars and factors can be stored in. */
type Filled = Omit<Market, 'analyze'>;

/** `code,exchange,date,time,open,high,low,close,volume,amount`; any minute of the day. */
export async function storeMinutes(market: Filled, minutes: number, lines: readonly string[]): Promise<void> {
  const cells = lines.map((line) => line.split(','));
  const ids = await register(market, cells);
  const rows = rowsOf(cells, ([code = '', exchange = '', date = '', time = '', ...values]) => {
    const id = ids.get(symbolOf(code, exchange)) ?? 0;
    const [hour = 0, minute = 0] = time.split(':').map(Number);
    const key = barKey(id, minutes, Number(date.replaceAll('-', '')), hour * 60 + minute);
    return { key, values: [id, minutes, `${date} ${time}`, ...values] };
  });
  await market.transactions.run((transaction) => market.store.barsIngest.store(transaction, new BarRows(0), rows));
}

/** The columns of cn_daily_raw_2020_2023.csv.gz. */
export async function storeDays(market: Filled, lines: readonly string[]): Promise<void> {
  const cells = lines.map((line) => line.split(','));
  const ids = await register(market, cells);
  const rows = rowsOf(cells, ([code = '', exchange = '', date = '', ...values]) => {
    const id = ids.get(symbolOf(code, exchange)) ?? 0;
    const [o = '', h = '', l = '', c = '', before = '', v = '', amount = '', , , status = '', , factor = ''] = values;
    const key = barKey(id, 0, Number(date.replaceAll('-', '')), 0);
    return { key, values: [id, date, o, h, l, c, v, amount, before, factor, status] };
  });
  await market.transactions.run((transaction) => market.store.barsIngest.store(transaction, rows, new BarRows(0)));
}

/** `code,exchange,ex_date,factor` */
export async function storeFactors(market: Filled, lines: readonly string[]): Promise<void> {
  const cells = lines.map((line) => line.split(','));
  const ids = await register(market, cells);
  const given = cells.map(([code = '', exchange = '', day, factor]) => [
    ids.get(symbolOf(code, exchange)),
    day,
    factor,
  ]);
  await market.pool.write((client) =>
    client.query({
      text: `INSERT INTO market_data.factors SELECT (g->>0)::int, (g->>1)::date, (g->>2)::numeric FROM json_array_elements($1::json) g`,
      values: [JSON.stringify(given)],
    }),
  );
}

const suffix: Readonly<Record<string, string>> = { SSE: 'SH', SZSE: 'SZ', BSE: 'BJ' };
const symbolOf = (code: string, exchange: string): string => `${code.slice(-6)}.${suffix[exchange] ?? ''}`;

/** Makes the instruments that the lines name; answers ids by symbol. */
async function register(market: Filled, cells: readonly string[][]): Promise<Map<string, number>> {
  const named = new Map(cells.map(([code = '', exchange = '']) => [symbolOf(code, exchange), { code, exchange }]));
  const values = [...named].map(([symbol, { code, exchange }]) => ({
    ...{ symbol, code: code.slice(-6), exchange, status: 'listed' },
    kind: code.startsWith('IDX') ? 'index' : 'stock',
  }));
  await market.pool.write((client) =>
    client.query({
      text: `INSERT INTO market_data.instruments (symbol, code, exchange, kind, status)
        SELECT * FROM json_to_recordset($1::json) AS g(symbol text, code text, exchange text, kind text, status text) ON CONFLICT DO NOTHING`,
      values: [JSON.stringify(values)],
    }),
  );
  const known = await market.directory.refresh();
  return new Map([...known.values()].map(({ symbol, id }) => [symbol, id]));
}

type Read = (cells: readonly string[]) => {
  readonly key: number;
  readonly values: readonly (string | number | undefined)[];
};

function rowsOf(cells: readonly (readonly string[])[], read: Read): BarRows {
  const rows = new BarRows(0);
  cells.forEach((one, index) => {
    const { key, values } = read(one);
    const text = `${values.map((value) => (value === '' ? NO_VALUE : value)).join('\t')}\n`;
    rows.add(key, index, rows.end + rows.room(text.length).write(text, rows.end));
  });
  return rows;
}
