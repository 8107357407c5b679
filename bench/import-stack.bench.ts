// What an operator sees: `npm run import` of a real file into the running house (gunzip, HTTP, gateway, bus, checks, one
// key, commit), against PostgreSQL's bare COPY of the same lines into a table without a key, on the same server.
// Not shown: starting the command itself (about 0.1 s), a replica, a network.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { PostgresPool } from '@mystocks/connection-pool';
import { startHouse } from '../test/system/house.ts';
import { importFile } from '../tools/import-send.ts';
import type { BenchRow } from './bench-row.ts';

const file = new URL('../../shared/data/cn_daily_raw_2020_2023.csv.gz', import.meta.url).pathname;
const ROUNDS = 5;
const bareTable = `CREATE TABLE public.bare (code text, exchange text, date date, open numeric, high numeric, low numeric, close numeric,
  pre_close numeric, volume bigint, amount numeric, turnover_pct numeric, pct_chg numeric, trade_status smallint, is_st smallint, adj_factor numeric)`;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

export async function bench(): Promise<BenchRow[]> {
  if (!existsSync(file)) {
    console.log('import-stack: skipped, ../shared/data is not here\n');
    return [];
  }
  const text = gunzipSync(readFileSync(file));
  const house = await startHouse({ durable: true });
  const pool = new PostgresPool({
    name: 'peer',
    url: house.postgres.superuserUrl,
    size: 1,
    overflow: 0,
    statementTimeoutMs: 30_000,
  });
  try {
    await pool.query({ text: bareTable });
    const ours: number[] = [];
    const theirs: number[] = [];
    let rows = 0;
    for (let round = 0; round <= ROUNDS; round += 1) {
      await pool.query({ text: 'TRUNCATE public.bare, market_data.bars_daily' });
      const bare = await seconds(() =>
        pool.write((client) => client.copyFrom('COPY public.bare FROM STDIN WITH (FORMAT csv, HEADER)', [text])),
      );
      const whole = await seconds(async () => {
        const { summary } = await importFile(file, { url: house.url, token: house.adminToken, register: true });
        if (summary.failed > 0 || summary.inserted !== summary.total) throw new Error(JSON.stringify(summary));
        rows = summary.total;
      });
      // The first round registers the instruments and warms both sides.
      if (round === 0) continue;
      ours.push(whole);
      theirs.push(bare);
    }
    const [own, peer] = [rows / median(ours), rows / median(theirs)];
    return [
      {
        name: `import of ${rows} real daily bars through gateway and bus`,
        peer: 'one bare COPY of the same lines into a table without key or check',
        ours: own,
        theirs: peer,
        ratio: own / peer,
        unit: 'rows/s',
        target: 0.3,
        note: `median of ${ROUNDS} rounds, interleaved, fsync on`,
      },
    ];
  } finally {
    await pool.close();
    await house.stop();
  }
}
