import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startPostgres, waitFor, type PostgresServer } from '@mystocks/testing';
import pg from 'pg';
import { PgConnector } from '../postgres/connections/pg-connector.js';
import type { Checkout } from './checkouts/checkout.js';
import type { PoolOptions } from './pool-options.js';
import { Pool } from './pool.js';

// The pool with its default limits on a real server: 20 connections kept, 40 more under load.
let server: PostgresServer;
let observer: pg.Client;
const pools: Pool<pg.Client>[] = [];

function open(options: Partial<PoolOptions> = {}): Pool<pg.Client> {
  const connector = new PgConnector({ url: server.ownerUrl, name: 'pool-spec', statementTimeoutMs: 5_000 });
  const pool = new Pool(
    { name: 'pool-spec', role: () => 'primary', server: 'spec', size: 20, overflow: 40, ...options },
    connector,
  );
  pools.push(pool);
  return pool;
}

const borrow = (pool: Pool<pg.Client>, count: number): Promise<Checkout<pg.Client>[]> =>
  Promise.all(Array.from({ length: count }, () => pool.acquire()));
const giveBack = (leases: readonly Checkout<pg.Client>[]): void => {
  for (const lease of leases) lease.release();
};
const pidOf = async ({ connection }: Checkout<pg.Client>): Promise<number> => {
  const { rows } = await connection.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
};
const sessions = async (): Promise<number> => {
  const { rows } = await observer.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'pool-spec'",
  );
  return rows[0]?.n ?? -1;
};
const killAll = (): Promise<unknown> =>
  observer.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pool-spec'");

beforeAll(async () => {
  server = await startPostgres();
  observer = new pg.Client({ connectionString: server.superuserUrl });
  await observer.connect();
}, 60_000);

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

afterAll(async () => {
  await observer.end();
  await server.stop();
}, 30_000);

describe('the limits of a pool', () => {
  it('serves 60 borrowers at once and rejects the 61st with POOL_TIMEOUT at the acquire timeout', async () => {
    const pool = open({ acquireTimeoutMs: 2_000 });
    const leases = await borrow(pool, 60);
    expect(new Set(await Promise.all(leases.map(pidOf))).size).toBe(60);
    const startedAt = performance.now();
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'POOL_TIMEOUT' });
    // That it waits no longer is shown on a clock of its own, in line.spec.ts.
    expect(performance.now() - startedAt).toBeGreaterThan(2_000 * 0.95);
    giveBack(leases);
  });

  it('keeps 20 connections after a burst', async () => {
    const pool = open();
    giveBack(await borrow(pool, 60));
    expect(pool.status()).toMatchObject({ idle: 20, inUse: 0 });
    await waitFor(async () => (await sessions()) === 20, { timeoutMs: 5_000 });
  });
});

describe('connections that died', () => {
  it('replaces dead connections before the next 20 borrowers get them', async () => {
    const pool = open();
    giveBack(await borrow(pool, 20));
    await killAll();
    const leases = await Promise.all(Array.from({ length: 20 }, () => pool.acquire({ ping: 'always' })));
    expect(new Set(await Promise.all(leases.map(pidOf))).size).toBe(20);
    giveBack(leases);
  });

  it('removes connections at once when the server closes them', async () => {
    const pool = open();
    giveBack(await borrow(pool, 20));
    await killAll();
    await waitFor(() => pool.status().idle === 0, { timeoutMs: 5_000 });
  });
});

describe('the queue of a pool', () => {
  it('serves borrowers in the order of their requests', async () => {
    const pool = open({ size: 2, overflow: 0 });
    const leases = await borrow(pool, 2);
    const served: number[] = [];
    const waiting = Array.from({ length: 50 }, async (_, index) => {
      const lease = await pool.acquire();
      served.push(index);
      await pidOf(lease);
      lease.release();
    });
    giveBack(leases);
    await Promise.all(waiting);
    expect(served).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  it('gives the place of a borrower that aborted to the next one', async () => {
    const pool = open({ size: 1, overflow: 0 });
    const [lease] = await borrow(pool, 1);
    const gone = new AbortController();
    const first = pool.acquire({ signal: gone.signal });
    const second = pool.acquire();
    gone.abort(new Error('the client hung up'));
    await expect(first).rejects.toThrow('the client hung up');
    expect(pool.status().waiting).toBe(1);
    lease?.release();
    (await second).release();
    expect(pool.status()).toMatchObject({ inUse: 0, waiting: 0, idle: 1 });
  });

  it('keeps the connection that was being opened for a borrower that aborted', async () => {
    const pool = open();
    const gone = new AbortController();
    const borrower = pool.acquire({ signal: gone.signal });
    gone.abort(new Error('the client hung up'));
    await expect(borrower).rejects.toThrow('the client hung up');
    await waitFor(() => pool.status().idle === 1, { timeoutMs: 5_000 });
    const lease = await pool.acquire();
    expect(lease.isFresh).toBe(true);
    lease.release();
  });
});

describe('the lifetime of connections', () => {
  it('replaces connections that were opened together one by one', async () => {
    const pool = open({ recycleMs: 4_000 });
    giveBack(await borrow(pool, 20));
    // All of them are borrowed again and again; a fresh one among them stands for one that has retired.
    const fresh: number[] = [];
    await waitFor(
      async () => {
        const leases = await borrow(pool, 20);
        fresh.push(leases.filter(({ isFresh }) => isFresh).length);
        giveBack(leases);
        return fresh.reduce((sum, count) => sum + count) >= 20;
      },
      { timeoutMs: 10_000 },
    );
    expect(fresh.filter((count) => count > 0).length).toBeGreaterThanOrEqual(4);
  }, 15_000);
});

describe('ending a pool', () => {
  it('waits for connections in use, refuses new borrowers and closes all connections', async () => {
    const pool = open();
    const [lease] = await borrow(pool, 5).then(([kept, ...others]) => {
      giveBack(others);
      return [kept];
    });
    let hasEnded = false;
    const ended = pool.end().then(() => (hasEnded = true));
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'POOL_ENDED' });
    await waitFor(async () => (await sessions()) === 1, { timeoutMs: 5_000 });
    expect(hasEnded).toBe(false);
    expect(await pidOf(lease as Checkout<pg.Client>)).toBeGreaterThan(0);
    lease?.release();
    await ended;
    expect(await sessions()).toBe(0);
  });
});
