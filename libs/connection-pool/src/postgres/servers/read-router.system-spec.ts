import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sleep, startPostgres, waitFor, type PostgresNode, type PostgresServer } from '@mystocks/testing';
import { PostgresPool, TypeOrm, type PostgresPoolOptions } from '../../index.js';

let server: PostgresServer;
let near: PostgresNode;
let far: PostgresNode;
const pools: PostgresPool[] = [];

function open(options: Partial<PostgresPoolOptions> = {}): PostgresPool {
  const pool = new PostgresPool({
    name: 'spec',
    url: server.ownerUrl,
    replicaUrls: server.replicas.map(({ ownerUrl }) => ownerUrl).join(','),
    size: 4,
    overflow: 4,
    statementTimeoutMs: 2_000,
    ...options,
  });
  pools.push(pool);
  return pool;
}

/** All servers are known, and both replicas are read. */
async function ready(pool: PostgresPool): Promise<PostgresPool> {
  const roles = (): string[] => pool.servers().map(({ role }) => role);
  await waitFor(() => pool.servers().filter(({ lagS = 1 }) => lagS < 0.5).length === 2 && roles()[0] === 'primary', {
    timeoutMs: 10_000,
    what: 'both replicas to be near',
  });
  return pool;
}

const WHERE = { name: 'where', text: 'SELECT inet_server_port() AS port, max(n) AS n FROM market_data.counter' };
const where = async (pool: PostgresPool, after?: string): Promise<{ port: number; n: number }> => {
  const { rows } = await pool.query<{ port: number; n: number }>(WHERE, { after });
  return rows[0]!;
};
const increment = async (pool: PostgresPool): Promise<{ value: number; lsn: string }> =>
  pool.write(async (client) => {
    const { rows } = await client.query<{ n: number }>('UPDATE market_data.counter SET n = n + 1 RETURNING n');
    return rows[0]!.n;
  });
const times = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, work));

beforeAll(async () => {
  server = await startPostgres({ replicas: 2 });
  [near, far] = server.replicas as [PostgresNode, PostgresNode];
  await open({ replicaUrls: '' }).write(async (client) => {
    await client.query('CREATE TABLE market_data.counter AS SELECT 0 AS n');
    await client.query('CREATE SEQUENCE market_data.numbers');
  });
}, 60_000);

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

afterAll(async () => {
  await server.stop();
}, 30_000);

describe('a read', () => {
  it('runs reads on the replicas in turn, and on the primary for a service configured so', async () => {
    const pool = await ready(open());
    const ports = new Set((await times(20, () => where(pool))).map(({ port }) => port));
    expect(ports).toEqual(new Set([near.port, far.port]));
    const careful = await ready(open({ readFrom: 'primary' }));
    expect(new Set((await times(20, () => where(careful))).map(({ port }) => port))).toEqual(new Set([server.port]));
  });

  it('sees in a read what another pool has written, with and without a position', async () => {
    const [writer, reader] = await Promise.all([ready(open()), ready(open())]);
    const ports = new Map<number, number>();
    for (let turn = 0; turn < 100; turn += 1) {
      const { value, lsn } = await increment(writer);
      const { port, n } = await where(reader, turn % 2 === 0 ? lsn : undefined);
      expect(n).toBe(value);
      ports.set(port, (ports.get(port) ?? 0) + 1);
    }
    expect((ports.get(near.port) ?? 0) + (ports.get(far.port) ?? 0)).toBeGreaterThanOrEqual(60);
  });

  // gitlab#413203: one position for all replicas let a lagging one serve what only another had.
  it('does not run a read on a lagging replica because another one has caught up', async () => {
    const [writer, reader] = await Promise.all([ready(open()), ready(open())]);
    await far.pauseReplay();
    try {
      const { value, lsn } = await increment(writer);
      for (const after of [lsn, undefined]) {
        const seen = await times(20, () => where(reader, after));
        expect(new Set(seen.map(({ n }) => n))).toEqual(new Set([value]));
        expect(seen.map(({ port }) => port)).not.toContain(far.port);
        expect(seen.map(({ port }) => port)).toContain(near.port);
      }
    } finally {
      await far.resumeReplay();
    }
  });

  it('completes reads while a replica is killed and comes back', async () => {
    const pool = await ready(open());
    let isOver = false;
    const failures: unknown[] = [];
    let served = 0;
    const load = times(8, async () => {
      while (!isOver) {
        await where(pool).then(
          () => (served += 1),
          (error: unknown) => failures.push(error),
        );
      }
    });
    await far.kill();
    await far.restart();
    await ready(pool);
    isOver = true;
    await load;
    expect(failures).toEqual([]);
    expect(served).toBeGreaterThan(100);
  });

  it('sends later reads to other servers when one read waits for a hanging replica', async () => {
    const pool = await ready(open());
    await times(20, () => where(pool));
    // Until the connections have lain idle for so long that they are asked whether they live.
    await sleep(600);
    far.pause();
    const held = new Set<Promise<unknown>>();
    try {
      for (let turn = 0; turn < 20; turn += 1) {
        const read: Promise<unknown> = where(pool).finally(() => held.delete(read));
        held.add(read);
        await Promise.race([read, sleep(20)]);
      }
      await waitFor(() => held.size <= 2, { timeoutMs: 2_000, what: `the readers (${held.size} are held up)` });
    } finally {
      far.resume();
      await Promise.allSettled(held);
    }
  }, 20_000);

  it('runs reads of a hanging replica on another server as soon as the replica counts as away', async () => {
    // By its own patience each would wait for half a minute.
    const pool = await ready(open({ statementTimeoutMs: 30_000 }));
    const lone = open({ url: far.superuserUrl, replicaUrls: '' });
    const slow = { text: 'SELECT inet_server_port() AS port, pg_sleep(3) FROM market_data.counter' };
    const reads = times(6, () => pool.query<{ port: number }>(slow));
    const sleeping = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    await waitFor(async () => (await lone.query({ text: sleeping })).rowCount === 3, {
      timeoutMs: 2_500,
      what: 'the reads',
    });
    far.pause();
    try {
      const ports = (await reads).map(({ rows }) => rows[0]?.port);
      expect(ports).not.toContain(far.port);
    } finally {
      far.resume();
    }
  }, 20_000);

  it('runs a read on another server when a replica cancels it in favour of replay', async () => {
    const pool = await ready(open({ statementTimeoutMs: 10_000 }));
    const slow = { text: 'SELECT inet_server_port() AS port, pg_sleep(1.5) FROM market_data.counter' };
    const read = pool.query<{ port: number }>(slow);
    const sleeps = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    const replicas = [near, far].map(({ superuserUrl }) => open({ url: superuserUrl, replicaUrls: '' }));
    const isThere = async (lone: PostgresPool): Promise<boolean> => (await lone.query({ text: sleeps })).rowCount === 1;
    await waitFor(async () => (await Promise.all(replicas.map(isThere))).includes(true), { timeoutMs: 5_000 });
    await pool.write((client) => client.query('LOCK TABLE market_data.counter IN ACCESS EXCLUSIVE MODE'));
    expect((await read).rows).toHaveLength(1);
    expect(near.output() + far.output()).toContain('canceling statement due to conflict with recovery');
  });
});

describe('the work of a read', () => {
  it.each([
    'SELECT n FROM market_data.counter FOR UPDATE',
    "SELECT nextval('market_data.numbers')",
    "SELECT setval('market_data.numbers', 9)",
    'WITH gone AS (DELETE FROM market_data.counter RETURNING n) SELECT n FROM gone',
    'INSERT INTO market_data.counter VALUES (1)',
    'CREATE TABLE market_data.mine ()',
    'SELECT n INTO market_data.mine FROM market_data.counter',
  ])('the work of a read cannot write on any server with: %s', async (text) => {
    const pool = await ready(open());
    const lone = open({ replicaUrls: '' });
    for (const one of [pool, lone]) await expect(one.query({ text })).rejects.toMatchObject({ code: '25006' });
    const orm = new TypeOrm(pool, { url: server.ownerUrl, schema: 'market_data', entities: [] });
    const source = await orm.dataSource();
    await expect(source.query(text)).rejects.toMatchObject({ code: '25006' });
    await orm.onModuleDestroy();
  });
});

describe('an outage of the primary', () => {
  it('serves reads while the primary is away, except those whose position no replica has, and rejects writes at once', async () => {
    const [pool, lone] = [await ready(open()), open({ replicaUrls: '' })];
    const { lsn, value } = await increment(pool);
    expect((await where(pool, lsn)).n).toBe(value);
    await Promise.all([near.pauseReplay(), far.pauseReplay()]);
    const unseen = await increment(lone);
    await server.kill();
    try {
      const seen = await times(50, () => where(pool));
      expect(new Set(seen.map(({ n }) => n))).toEqual(new Set([value]));
      expect((await where(pool, lsn)).n).toBe(value);
      await expect(where(pool, unseen.lsn)).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 1 });
      await expect(increment(pool)).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 1 });
      await expect(pool.check().probe()).resolves.toBeUndefined();
      await expect(open({ readFrom: 'primary' }).check().probe()).rejects.toMatchObject({ code: 'unavailable' });
    } finally {
      await server.restart();
      await Promise.all([near.resumeReplay(), far.resumeReplay()]);
    }
    await ready(pool);
    expect((await where(pool)).n).toBe(unseen.value);
    expect((await increment(pool)).value).toBe(unseen.value + 1);
  }, 30_000);

  it('serves reads although the primary does not answer', async () => {
    const pool = await ready(open());
    server.pause();
    try {
      expect(await times(5, () => where(pool))).toHaveLength(5);
      await waitFor(() => pool.servers()[0]?.role === 'away', { timeoutMs: 10_000 });
      await expect(increment(pool)).rejects.toMatchObject({ code: 'unavailable' });
    } finally {
      server.resume();
    }
    await ready(pool);
    expect((await increment(pool)).value).toBeGreaterThan(0);
  }, 30_000);
});
