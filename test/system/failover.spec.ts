import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresPool } from '@mystocks/connection-pool';
import { compareLsn } from '@mystocks/kernel';
import { sleep, waitFor, type PostgresNode } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { get, post, postCsv } from './requests.js';

const WRITERS = 3;
const READERS = 4;
const START = Date.parse('2022-06-01T09:30:00+08:00');

let system: System;
const pools: PostgresPool[] = [];

beforeAll(async () => {
  system = await startSystem({ postgres: { replicas: 2, synchronous: true } });
  const codes = Array.from({ length: WRITERS }, (_, index) => `60020${index},SSE,${index}`).join('\n');
  await postCsv(system.url, '/api/v2/batch/symbols', `code,exchange,name\n${codes}\n`, system.adminToken);
}, 180_000);

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await system.stop();
}, 30_000);

/** One server, whatever it is now. */
function behind({ superuserUrl }: PostgresNode): PostgresPool {
  const pool = new PostgresPool({ name: 'spec', url: superuserUrl, size: 1, overflow: 0, statementTimeoutMs: 10_000 });
  pools.push(pool);
  return pool;
}
const scalar = async <T>(pool: PostgresPool, text: string): Promise<T | undefined> =>
  (await pool.query<{ value: T }>({ text: `SELECT (${text}) AS value` })).rows[0]?.value;
const storedIn = async (pool: PostgresPool): Promise<Set<number>> =>
  new Set(await scalar<number[]>(pool, 'SELECT array_agg(volume::int) FROM market_data.quotes'));

/** Reads and writes until it is told to stop. Every read is a new one, so no cache answers it. */
class Load {
  readonly acknowledged: { readonly volume: number; readonly atMs: number }[] = [];
  readonly refused: { readonly status: number; readonly text: string }[] = [];
  readonly failedReads: string[] = [];
  reads = 0;
  cached = 0;
  #turn = 0;
  #isOver = false;
  readonly #under: Promise<unknown>;

  constructor() {
    const writers = Array.from({ length: WRITERS }, (_, index) => this.#write(`60020${index}.SH`));
    this.#under = Promise.all([...writers, ...Array.from({ length: READERS }, () => this.#read())]);
  }

  stop(): Promise<unknown> {
    this.#isOver = true;
    return this.#under;
  }

  async #write(symbol: string): Promise<void> {
    while (!this.#isOver) {
      const volume = (this.#turn += 1);
      const t = new Date(START + volume).toISOString();
      const { status, text } = await post(
        system.url,
        '/api/v2/quotes',
        { symbol, t, last: 10, v: volume },
        system.adminToken,
      );
      if (status === 200) this.acknowledged.push({ volume, atMs: performance.now() });
      else {
        this.refused.push({ status, text });
        // A client that is told 503 does not come back at once.
        await sleep(50);
      }
    }
  }

  async #read(): Promise<void> {
    while (!this.#isOver) {
      const day = new Date(Date.UTC(2000, 0, 1) + (this.reads += 1) * 86_400_000).toISOString().slice(0, 10);
      const { status, text, headers } = await get(
        system.url,
        `/api/v2/stocks/600200.SH/bars?end=${day}`,
        system.adminToken,
      );
      if (status !== 200) this.failedReads.push(`${status} ${text}`);
      else if (headers.get('x-cache') !== 'miss') this.cached += 1;
    }
  }
}

/** How many reads and writes a second there are is a question of the machine. */
const LONG = { timeoutMs: 60_000 };

describe('the primary is killed under load', () => {
  it('reads go on, writes come back, nothing acknowledged is lost, and the old primary receives no write', async () => {
    const { postgres } = system;
    const [first, second] = postgres.replicas as [PostgresNode, PostgresNode];
    const old = behind(postgres);
    const load = new Load();
    await waitFor(() => load.acknowledged.length >= 100 && load.reads >= 1_000, LONG);

    await postgres.kill();
    const killedMs = performance.now();
    // What a failover manager does: the replica that has most takes over, the other follows it.
    const received = 'SELECT pg_last_wal_receive_lsn()::text';
    const [a = '', b = ''] = await Promise.all([first, second].map((node) => scalar<string>(behind(node), received)));
    const [heir, other] = compareLsn(a, b) >= 0 ? [first, second] : [second, first];
    await heir.promote();
    await other.follow(heir);
    await waitFor(() => load.acknowledged.find(({ atMs }) => atMs > killedMs + 50), LONG);
    const count = load.acknowledged.length;
    await waitFor(() => load.acknowledged.length >= count + 100 && load.reads >= 2_000, LONG);

    await postgres.restart();
    const before = await storedIn(old);
    const again = load.acknowledged.length;
    await waitFor(() => load.acknowledged.length >= again + 100, LONG);
    await waitFor(() => system.services['market-data'].output().includes('takes itself for the primary'), {
      timeoutMs: 30_000,
    });
    await load.stop();

    expect((await storedIn(old)).size).toBe(before.size);
    const stored = await storedIn(behind(heir));
    expect(load.acknowledged.filter(({ volume }) => !stored.has(volume))).toEqual([]);
    expect(load.cached).toBe(0);
    expect(load.failedReads.length / load.reads).toBeLessThanOrEqual(0.001);
    // Refused in the system's words: try again, or (its COMMIT was on the way) find out first.
    expect(load.refused.filter(({ status }) => status !== 503 && status !== 504)).toEqual([]);
  }, 240_000);
});
