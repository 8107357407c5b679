import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareLsn } from '@mystocks/kernel';
import { FaultProxy, startPostgres, waitFor, type PostgresServer } from '@mystocks/testing';
import { PostgresPool, TypeOrm, type PostgresPoolOptions } from '../index.js';

let server: PostgresServer;
const pools: PostgresPool[] = [];

function open(options: Partial<PostgresPoolOptions> = {}): PostgresPool {
  const pool = new PostgresPool({
    name: 'spec',
    url: server.ownerUrl,
    size: 2,
    overflow: 1,
    statementTimeoutMs: 1_000,
    ...options,
  });
  pools.push(pool);
  return pool;
}

const count = async (pool: PostgresPool): Promise<number> => {
  const { rows } = await pool.query<{ n: number }>({ text: 'SELECT count(*)::int AS n FROM market_data.notes' });
  return rows[0]?.n ?? -1;
};

beforeAll(async () => {
  server = await startPostgres();
  await open().write((client) => client.query('CREATE TABLE market_data.notes (id int PRIMARY KEY, text text)'));
}, 60_000);

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await server.stop();
}, 30_000);

describe('a transaction', () => {
  it('stores all work of a transaction and returns a later log position each time, which the log has reached', async () => {
    const pool = open();
    const before = await count(pool);
    const first = await pool.write((client) => client.query("INSERT INTO market_data.notes VALUES (1, 'one')"));
    const second = await pool.write((client) => client.query("INSERT INTO market_data.notes VALUES (2, 'two')"));
    expect(await count(pool)).toBe(before + 2);
    expect(compareLsn(second.lsn, first.lsn)).toBeGreaterThan(0);
    expect(compareLsn(await pool.position(), second.lsn)).toBeGreaterThanOrEqual(0);
  });

  it('stores nothing of a transaction that fails and rejects with its error', async () => {
    const pool = open();
    const before = await count(pool);
    const work = pool.write(async (client) => {
      await client.query("INSERT INTO market_data.notes VALUES (3, 'three')");
      throw new Error('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    expect(await count(pool)).toBe(before);
  });

  it('rejects a failed transaction although the work caught its error', async () => {
    const work = open().write(async (client) => {
      await client.query('SELECT 1 / 0').catch(() => undefined);
    });
    await expect(work).rejects.toThrow('rolled back');
  });

  it('stores rows that are streamed with COPY', async () => {
    const pool = open();
    const { value } = await pool.write((client) =>
      client.copyFrom('COPY market_data.notes FROM STDIN', [Buffer.from('10\tten\n11\t'), Buffer.from('eleven\n')]),
    );
    expect(value).toBe(2);
  });

  it('stores nothing of a COPY with invalid rows and keeps the connection usable', async () => {
    const pool = open({ size: 1, overflow: 0 });
    const before = await count(pool);
    const work = pool.write((client) =>
      client.copyFrom('COPY market_data.notes FROM STDIN', [Buffer.from('20\tx\nnot a number\ty\n')]),
    );
    await expect(work).rejects.toMatchObject({ code: '22P02' });
    expect(await count(pool)).toBe(before);
  });

  it('allows a transaction a longer statement timeout than a read', async () => {
    const pool = open({ statementTimeoutMs: 100 });
    const sleep = 'SELECT pg_sleep(0.3)';
    await expect(pool.write((client) => client.query(sleep))).rejects.toMatchObject({ code: 'timeout' });
    await expect(pool.write((client) => client.query(sleep), { statementTimeoutMs: 5_000 })).resolves.toBeDefined();
    // The limit was that transaction's own.
    await expect(pool.query({ text: sleep })).rejects.toMatchObject({ code: 'timeout' });
  });
});

describe('limits', () => {
  it('rejects a borrower that got no connection within the acquire timeout', async () => {
    const pool = open({ size: 1, overflow: 1, acquireTimeoutMs: 100, statementTimeoutMs: 5_000 });
    const busy = [1, 2].map(() => pool.query({ text: 'SELECT pg_sleep(0.6)' }));
    await expect(pool.query({ text: 'SELECT 1' })).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 1 });
    await Promise.all(busy);
    await expect(pool.query({ text: 'SELECT 1' })).resolves.toBeDefined();
  });
});

describe('an outage of PostgreSQL', () => {
  it('replaces connections that died while idle without failing a read', async () => {
    const pool = open();
    await Promise.all([count(pool), count(pool), count(pool), count(pool)]);
    const killer = open({ url: server.superuserUrl });
    await killer.query({
      text: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mystocks_owner'",
    });
    expect(await count(pool)).toBeGreaterThanOrEqual(0);
    await expect(pool.write((client) => client.query('SELECT 1'))).resolves.toBeDefined();
  });

  it('rejects with `unavailable` quickly while PostgreSQL is down, and recovers by itself', async () => {
    // A borrower that waited for a connection would wait far longer than this test may take.
    const pool = open({ acquireTimeoutMs: 200_000 });
    await count(pool);
    await server.kill();
    await expect(count(pool)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(pool.write((client) => client.query('SELECT 1'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(pool.check().probe()).rejects.toMatchObject({ code: 'unavailable' });
    await server.restart();
    await waitFor(
      () =>
        pool
          .check()
          .probe()
          .then(() => true),
      { timeoutMs: 10_000 },
    );
    expect(await count(pool)).toBeGreaterThanOrEqual(0);
  }, 30_000);

  it('rejects with `timeout` when the server does not answer, and closes that connection', async () => {
    const pool = open({ statementTimeoutMs: 100 });
    await count(pool);
    server.pause();
    try {
      await expect(count(pool)).rejects.toMatchObject({ code: 'timeout' });
    } finally {
      server.resume();
    }
    await waitFor(
      () =>
        pool
          .check()
          .probe()
          .then(() => true),
      { timeoutMs: 10_000 },
    );
    expect(await count(pool)).toBeGreaterThanOrEqual(0);
  }, 30_000);
});

describe('a connection that is lost during a commit', () => {
  it.each(['down', 'blackhole'] as const)(
    'leaves it open what was stored, and nothing runs again (%s)',
    async (fault) => {
      const proxy = await FaultProxy.inFrontOf(server.port);
      const url = server.ownerUrl.replace(`:${server.port}/`, `:${proxy.port}/`);
      const pool = open({ url, statementTimeoutMs: 100 });
      await count(pool);
      let runs = 0;
      const work = pool.write(async (client) => {
        runs += 1;
        await client.query('SELECT 1');
        await proxy[fault]();
      });
      await expect(work).rejects.toMatchObject({ code: 'timeout', message: expect.stringContaining('was stored') });
      expect(runs).toBe(1);
      await proxy.pass();
      expect(await count(pool)).toBeGreaterThan(0);
      await pool.close();
      await proxy.stop();
    },
  );
});

describe('TypeORM', () => {
  it('lets TypeORM use the connections of the pool and keeps them open when TypeORM is destroyed', async () => {
    const pool = open({ name: 'shared', size: 1, overflow: 0 });
    const orm = new TypeOrm(pool, { url: server.ownerUrl, schema: 'market_data', entities: [] });
    const source = await orm.dataSource();
    const open_ = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'shared'";
    expect(await source.query(open_)).toEqual([{ n: 1 }]);
    await orm.onModuleDestroy();
    expect((await pool.query({ text: open_ })).rows).toEqual([{ n: 1 }]);
  });

  it('initializes TypeORM later when the database was down at the first use', async () => {
    const pool = open();
    const orm = new TypeOrm(pool, { url: server.ownerUrl, schema: 'market_data', entities: [] });
    await server.kill();
    await expect(orm.dataSource()).rejects.toMatchObject({ code: 'unavailable' });
    await server.restart();
    await waitFor(() => orm.dataSource().then(() => true), { timeoutMs: 10_000 });
    await orm.onModuleDestroy();
  }, 30_000);
});
