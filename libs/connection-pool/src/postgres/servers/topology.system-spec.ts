import { afterEach, describe, expect, it } from '@jest/globals';
import { compareLsn } from '@mystocks/kernel';
import { sleep, startPostgres, waitFor, type PostgresNode, type PostgresServer } from '@mystocks/testing';
import { register } from 'prom-client';
import { PostgresPool, type PostgresPoolOptions } from '../../index.js';

const pools: PostgresPool[] = [];
let server: PostgresServer | undefined;

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
  await server?.stop();
}, 30_000);

async function start(options: { readonly synchronous?: boolean } = {}): Promise<{
  readonly primary: PostgresServer;
  readonly replicas: readonly [PostgresNode, PostgresNode];
}> {
  server = await startPostgres({ replicas: 2, ...options });
  const lone = open(server.ownerUrl, '');
  await lone.write((client) => client.query('CREATE TABLE market_data.counter (id int PRIMARY KEY, by text)'));
  return { primary: server, replicas: server.replicas as [PostgresNode, PostgresNode] };
}

function open(url: string, replicaUrls: string, options: Partial<PostgresPoolOptions> = {}): PostgresPool {
  const limits = { size: 4, overflow: 4, statementTimeoutMs: 2_000 };
  const pool = new PostgresPool({ name: 'spec', url, replicaUrls, ...limits, ...options });
  pools.push(pool);
  return pool;
}

const openAll = ({ ownerUrl }: PostgresNode, replicas: readonly PostgresNode[]): PostgresPool =>
  open(ownerUrl, replicas.map((replica) => replica.ownerUrl).join(','));
const rolesOf = (pool: PostgresPool): string =>
  pool
    .servers()
    .map(({ role }) => role)
    .join(' ');
const become = (pool: PostgresPool, roles: string): Promise<unknown> =>
  waitFor(() => rolesOf(pool) === roles, { timeoutMs: 15_000, what: `${roles} (it is ${rolesOf(pool)})` });
const lagOf = (pool: PostgresPool, index: number): number => pool.servers()[index]?.lagS ?? Infinity;
/** Both replicas are read. */
const near = (pool: PostgresPool): Promise<unknown> => {
  const count = (): number => pool.servers().filter(({ role, lagS = 9 }) => role === 'replica' && lagS < 0.5).length;
  return waitFor(() => count() === 2, { timeoutMs: 15_000, what: 'two replicas that are near' });
};
const portOf = async (pool: PostgresPool): Promise<number> =>
  (await pool.query<{ port: number }>({ text: 'SELECT inet_server_port() AS port' })).rows[0]!.port;
const insert = (pool: PostgresPool, id: number): Promise<{ value: number }> =>
  pool.write(async (client) => {
    const text = 'INSERT INTO market_data.counter VALUES ($1, inet_server_port()) RETURNING by::int';
    return (await client.query<{ by: number }>({ text, values: [id] })).rows[0]!.by;
  });

describe('lag', () => {
  it('reports the lag of every replica, small on an idle primary, and reads from no replica with a large lag', async () => {
    const { primary, replicas } = await start();
    const [first, second] = replicas;
    const pool = openAll(primary, replicas);
    await near(pool);
    // A lag that were counted from the last commit would grow for as long as the primary is idle, and stay above this.
    await sleep(2_000);
    await near(pool);
    expect(await register.metrics()).toContain(`db_replica_lag_seconds{replica="127.0.0.1:${first.port}"} 0`);
    const used = async (): Promise<Set<number>> => {
      const ports = new Set<number>();
      for (let turn = 0; turn < 20; turn += 1) ports.add(await portOf(pool));
      return ports;
    };
    await second.pauseReplay();
    await waitFor(() => lagOf(pool, 2) > 1, { timeoutMs: 15_000, what: 'the replica to lag' });
    expect(await used()).toEqual(new Set([first.port]));
    await first.delayReplay(600_000);
    await waitFor(() => lagOf(pool, 1) > 1, { timeoutMs: 15_000 });
    expect(await used()).toEqual(new Set([primary.port]));
    await Promise.all([second.resumeReplay(), first.delayReplay(0)]);
    await near(pool);
    await waitFor(async () => (await used()).size === 2, { timeoutMs: 15_000 });
  }, 60_000);

  it('keeps the heartbeat going when the instance that wrote it stops', async () => {
    const { primary, replicas } = await start();
    const fleet = [1, 2, 3].map(() => openAll(primary, replicas));
    await Promise.all(fleet.map(near));
    const beats = async (): Promise<number> => {
      const text = 'SELECT extract(epoch FROM beat_at)::float8 AS n FROM replication.heartbeat';
      return (await fleet[2]!.query<{ n: number }>({ text })).rows[0]!.n;
    };
    await Promise.all(fleet.slice(0, 2).map((pool) => pool.close()));
    const before = await beats();
    await waitFor(async () => (await beats()) > before, { timeoutMs: 15_000 });
  }, 60_000);
});

describe('a failover', () => {
  it('follows a failover and does not use the former primary until it follows the new one', async () => {
    const { primary, replicas } = await start({ synchronous: true });
    const [first, second] = replicas;
    const pool = openAll(primary, replicas);
    await near(pool);
    expect(rolesOf(pool)).toBe('primary replica replica');
    expect((await insert(pool, 1)).value).toBe(primary.port);
    await primary.kill();
    await become(pool, 'away replica replica');
    await expect(insert(pool, 2)).rejects.toMatchObject({ code: 'unavailable' });
    await first.promote();
    await become(pool, 'away primary replica');
    await second.follow(first);
    expect((await insert(pool, 2)).value).toBe(first.port);
    // On a timeline of its own the replica counts again when it shows a beat of it.
    await waitFor(async () => (await portOf(pool)) === second.port, { timeoutMs: 10_000 });

    await primary.restart();
    await become(pool, 'fenced primary replica');
    expect((await insert(pool, 3)).value).toBe(first.port);
    for (let turn = 0; turn < 20; turn += 1) expect(await portOf(pool)).not.toBe(primary.port);
    const old = open(primary.ownerUrl, '');
    const { rows } = await old.query<{ ids: number[] }>({
      text: 'SELECT array_agg(id) AS ids FROM market_data.counter',
    });
    expect(rows[0]!.ids).toEqual([1]);
    // A service that starts now finds the same, whichever server is named as the primary.
    const late = openAll(primary, replicas);
    expect((await insert(late, 4)).value).toBe(first.port);
    expect(rolesOf(late)).toBe('fenced primary replica');
    // One that cannot reach the new primary hears of it from the replica, and does not take the old one for it.
    const partial = openAll(primary, [second]);
    await expect(insert(partial, 5)).rejects.toMatchObject({ code: 'unavailable' });
    expect(rolesOf(partial)).toBe('fenced replica');
    expect(await portOf(partial)).toBe(second.port);

    await primary.follow(first);
    await become(pool, 'replica primary replica');
    await near(pool);
    expect((await insert(pool, 5)).value).toBe(first.port);
  }, 90_000);

  it('does not use a primary that hung during a failover when it continues', async () => {
    const { primary, replicas } = await start();
    const [first, second] = replicas;
    const pool = openAll(primary, replicas);
    await near(pool);
    primary.pause();
    await first.promote();
    await become(pool, 'away primary replica');
    await second.follow(first);
    expect((await insert(pool, 1)).value).toBe(first.port);
    primary.resume();
    await become(pool, 'fenced primary replica');
    expect((await insert(pool, 2)).value).toBe(first.port);
  }, 60_000);
});

it('gives a write after a failover a later position than any of the former primary, including lost ones', async () => {
  const { primary, replicas } = await start();
  const [first, second] = replicas;
  const pool = openAll(primary, replicas);
  await near(pool);
  // Neither replica gets it, and nothing waits for them.
  first.pause();
  second.pause();
  const many = 'INSERT INTO market_data.counter SELECT id, repeat($1, 1000) FROM generate_series(100, 9000) AS id';
  const lost = await pool.write((client) => client.query(many, ['x']));
  await primary.kill();
  first.resume();
  second.resume();
  await first.promote();
  await second.follow(first);
  await become(pool, 'away primary replica');
  const next = await pool.write((client) => client.query("INSERT INTO market_data.counter VALUES (1, 'after')"));
  expect(compareLsn(next.lsn, lost.lsn)).toBeGreaterThan(0);
  const seen = await pool.query({ text: 'SELECT FROM market_data.counter' }, { after: next.lsn });
  expect(seen.rowCount).toBe(1);
}, 60_000);

describe('closing the pool', () => {
  it('closes the pool within a short time although a server hangs', async () => {
    const { primary, replicas } = await start();
    const pool = openAll(primary, replicas);
    await near(pool);
    await insert(pool, 1);
    primary.pause();
    try {
      await waitFor(() => pool.close().then(() => true), { timeoutMs: 10_000, what: 'the end' });
    } finally {
      primary.resume();
    }
  }, 30_000);
});
