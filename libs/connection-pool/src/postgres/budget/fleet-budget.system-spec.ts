import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { openLog } from '@mystocks/telemetry';
import { sleep, startPostgres, waitFor, type PostgresServer } from '@mystocks/testing';
import pg from 'pg';
import { Pool } from '../../pool/pool.js';
import { FleetBudget } from './fleet-budget.js';
import { PgConnector } from '../connections/pg-connector.js';

// Every pool here has a budget session of its own, as instances in different processes have: they share nothing.
const MAX_CONNECTIONS = 100;
const SUPERUSER_RESERVED = 3;
const MARGIN = 10;
const BUDGET = MAX_CONNECTIONS - SUPERUSER_RESERVED - MARGIN;

let server: PostgresServer;
let observer: pg.Client;
let instances: { readonly pool: Pool<pg.Client>; readonly budget: FleetBudget }[] = [];

function start(name: string, options: { size?: number; overflow?: number; budget?: number } = {}): Pool<pg.Client> {
  const { size = 20, overflow = 40, budget: whole } = options;
  const budget = new FleetBudget({ url: server.ownerUrl, name, beside: 1, budget: whole });
  const pool = new Pool(
    { name, role: () => 'primary', server: 'spec', size, overflow, budget },
    new PgConnector({ url: server.ownerUrl, name, statementTimeoutMs: 10_000 }),
  );
  instances.push({ pool, budget });
  return pool;
}

const sessions = async (like = '%'): Promise<number> => {
  const { rows } = await observer.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name LIKE $1`,
    [like],
  );
  return rows[0]?.n ?? -1;
};
const kill = (like: string): Promise<unknown> =>
  observer.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE $1', [like]);

beforeAll(async () => {
  server = await startPostgres({ maxConnections: MAX_CONNECTIONS });
  observer = new pg.Client({ connectionString: server.superuserUrl });
  await observer.connect();
}, 60_000);

afterEach(async () => {
  await Promise.all(instances.map(({ pool }) => pool.end()));
  await Promise.all(instances.map(({ budget }) => budget.close()));
  instances = [];
  await waitFor(async () => (await sessions()) === 0, { timeoutMs: 5_000 });
});

afterAll(async () => {
  await observer.end();
  await server.stop();
}, 30_000);

describe('the budget of a server', () => {
  it('never exceeds the budget of the server while five instances serve 1,000 borrowers', async () => {
    const pools = Array.from({ length: 5 }, (_, index) => start(`busy-${String(index)}`));
    const until = Date.now() + 4_000;
    const samples: number[] = [];
    const watch = async (): Promise<void> => {
      while (Date.now() < until) {
        samples.push(await sessions());
        await sleep(10);
      }
    };
    let served = 0;
    const borrower = async (index: number): Promise<void> => {
      while (Date.now() < until) {
        const checkout = await pools[index % 5]?.acquire();
        await checkout?.connection.query('SELECT pg_sleep(0.002)');
        checkout?.release();
        served += 1;
      }
    };
    await Promise.all([watch(), ...Array.from({ length: 1_000 }, (_, index) => borrower(index))]);
    expect(served).toBeGreaterThan(1_000);
    expect(samples.length).toBeGreaterThan(5);
    expect(Math.max(...samples)).toBeLessThanOrEqual(BUDGET);
    // It is used, too: not held by being idle.
    expect(Math.max(...samples)).toBeGreaterThan(BUDGET * 0.7);
  }, 20_000);

  it('gives a starting instance its connections while others use their overflow', async () => {
    const options = { size: 4, overflow: 40, budget: 40 };
    const old = start('old', options);
    const held = Array.from({ length: 44 }, () => old.acquire());
    await waitFor(() => old.status().waiting > 0 && old.status().opening === 0, { timeoutMs: 5_000 });
    const young = await Promise.all(Array.from({ length: 4 }, () => start('young', options).acquire()));
    expect(young).toHaveLength(4);
    for (const checkout of young) checkout.release();
    // Waiting borrowers of the old one get the connections that are checked in.
    const checkouts: Promise<void>[] = held.map(async (one) => {
      (await one).release();
    });
    await Promise.all(checkouts);
  }, 20_000);

  it('frees the permits of an instance when it dies', async () => {
    const options = { size: 20, overflow: 0, budget: 24 };
    const dying = start('dying', options);
    const lost = await Promise.all(Array.from({ length: 20 }, () => dying.acquire()));
    await kill('dying%');
    for (const checkout of lost) checkout.release(true);
    const heir = start('heir', options);
    const checkouts = await Promise.all(Array.from({ length: 20 }, () => heir.acquire()));
    for (const checkout of checkouts) checkout.release();
  }, 20_000);

  it('takes the permits again after the budget session was lost, before other instances can', async () => {
    const options = { size: 20, overflow: 0, budget: 24 };
    const steady = start('steady', options);
    const kept = await Promise.all(Array.from({ length: 20 }, () => steady.acquire()));
    await kill('steady budget');
    await waitFor(async () => (await sessions('steady budget')) === 1, { timeoutMs: 5_000 });
    const locks = `SELECT count(*)::int AS n FROM pg_locks JOIN pg_stat_activity USING (pid)
      WHERE locktype = 'advisory' AND application_name = 'steady budget'`;
    await waitFor(async () => (await observer.query<{ n: number }>(locks)).rows[0]?.n === 21, { timeoutMs: 5_000 });
    for (const checkout of kept) checkout.release();
  }, 20_000);

  it('logs that the budget has no room for another instance and admits it when one ends', async () => {
    const lines: string[] = [];
    openLog({ service: 'spec', level: 'info' }, { write: (line) => lines.push(line) });
    const options = { size: 1, overflow: 0, budget: 16 };
    const insiders = [start('first', options), start('second', options)];
    for (const insider of insiders) (await insider.acquire()).release();
    const outsider = start('outsider', options).acquire();
    await waitFor(() => lines.length > 0, { timeoutMs: 5_000 });
    expect(lines[0]).toMatch(/"pool":"outsider".*has no room for this instance/);
    const [first] = instances;
    await first?.pool.end();
    await first?.budget.close();
    (await outsider).release();
    expect(lines.join('')).toContain('has room for this instance again');
  }, 20_000);
});
