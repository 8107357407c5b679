// The peer of both import benches: PostgreSQL's own COPY of the same lines into a table without key or check.
import { fileURLToPath } from 'node:url';
import { PostgresPool } from '@mystocks/connection-pool';
import { recordedData } from '@mystocks/testing';

/** 174,525 real daily bars; absent on a user's clone. */
export const barsFile = fileURLToPath(new URL('cn_daily_raw_2020_2023.csv.gz', recordedData));

const bareTable = `CREATE TABLE public.bare (code text, exchange text, date date, open numeric, high numeric, low numeric, close numeric,
  pre_close numeric, volume bigint, amount numeric, turnover_pct numeric, pct_chg numeric, trade_status smallint, is_st smallint, adj_factor numeric)`;

/** Connects as the superuser and makes the bare table. */
export async function openPeer(url: string): Promise<PostgresPool> {
  const pool = new PostgresPool({ name: 'peer', url, size: 1, overflow: 0, statementTimeoutMs: 30_000 });
  await pool.write((client) => client.query(bareTable));
  return pool;
}

/** Both sides begin each round with empty tables. */
export const emptyTables = async (peer: PostgresPool): Promise<void> => {
  await peer.write((client) => client.query('TRUNCATE public.bare, market_data.bars_daily'));
};

/** Copies the whole file; answers the rows stored. */
export const bareCopy = async (peer: PostgresPool, file: Buffer): Promise<number> =>
  (await peer.write((client) => client.copyFrom('COPY public.bare FROM STDIN WITH (FORMAT csv, HEADER)', [file])))
    .value;

/** Seconds that `work` takes; it must answer `rows`, or nothing was measured. */
export async function seconds(work: () => Promise<number>, rows: number): Promise<number> {
  const started = performance.now();
  const stored = await work();
  if (stored !== rows) throw new Error(`stored ${stored} of ${rows} rows`);
  return (performance.now() - started) / 1_000;
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
