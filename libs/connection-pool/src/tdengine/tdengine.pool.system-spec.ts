import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { FaultProxy, startTdengineStandIn, waitFor, type TdengineFault, type TdengineStandIn } from '@mystocks/testing';
import { openPools } from '../pool/open-pools.js';
import { joinSql, literal, sql, type Sql } from './literal.js';
import { TdenginePool, type TdenginePoolOptions } from './tdengine.pool.js';

const LONG_MS = 20_000;
const one = sql`SELECT 1`;
let standIn: TdengineStandIn;
let proxy: FaultProxy;
let pools: TdenginePool[] = [];

beforeAll(async () => {
  standIn = await startTdengineStandIn({ user: 'us er', password: 'p@ss:w/rd' });
  proxy = await FaultProxy.inFrontOf(standIn.port);
});
afterAll(async () => {
  await proxy.stop();
  await standIn.stop();
});
afterEach(async () => {
  standIn.heal();
  await proxy.pass();
  await Promise.all(pools.map((pool) => pool.close()));
  pools = [];
});

let numbered = 0;
function open(options: Partial<TdenginePoolOptions> = {}): TdenginePool {
  const name = `td-${String((numbered += 1))}`;
  const limits = { size: 4, overflow: 0, acquireTimeoutMs: LONG_MS, requestTimeoutMs: LONG_MS };
  const pool = new TdenginePool({ name, url: standIn.url, database: 'test', ...limits, ...options });
  pools.push(pool);
  standIn.forget();
  return pool;
}

const throughProxy = (): string => {
  const url = new URL(standIn.url);
  url.port = String(proxy.port);
  return url.href;
};
const number = (value: number): Sql => sql`SELECT ${literal.integer(value)}`;
const many = <T>(count: number, work: (place: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, place) => work(place)));
/** Has as many connections open and idle. */
async function warm(pool: TdenginePool, connections: number): Promise<void> {
  await many(connections, () => pool.query(one));
  await waitFor(() => standIn.connections === connections && standIn.requests === 0, { timeoutMs: LONG_MS });
}
/** Numbers of the statements in the order they arrived. */
const arrived = (): number[] =>
  standIn.statements.flatMap((text) => (/^SELECT \d/.test(text) ? [Number(text.slice(7))] : []));

describe('the connections of a TdenginePool', () => {
  it('reuses connections and opens no more than the limit, however many statements run', async () => {
    const pool = open();
    for (let round = 0; round < 10; round += 1) await many(20, () => pool.query(one));
    expect(standIn.connectionsOpened).toBeLessThanOrEqual(4);
  });

  it('runs one statement on each connection: 20 of 200 at a time', async () => {
    const pool = open({ size: 20 });
    await warm(pool, 20);
    standIn.forget();
    standIn.fault({ kind: 'held' });
    const answers = many(200, (place) => pool.query(number(place)));
    await waitFor(() => standIn.requests === 20, { timeoutMs: LONG_MS });
    expect([...arrived()].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, place) => place));
    standIn.heal();
    expect((await answers).map(({ rows }) => rows[0]?.[0])).toEqual(Array.from({ length: 200 }, (_, n) => BigInt(n)));
    expect([standIn.requestsPeak, standIn.connectionsOpened]).toEqual([20, 0]);
  });

  it('runs statements in the order of their calls', async () => {
    const pool = open({ size: 1 });
    await many(50, (place) => pool.query(number(place)));
    expect(arrived()).toEqual(Array.from({ length: 50 }, (_, place) => place));
  });

  it('rejects a statement that got no connection within the acquire timeout', async () => {
    const pool = open({ size: 1, acquireTimeoutMs: 50 });
    await warm(pool, 1);
    standIn.fault({ kind: 'held' });
    const first = pool.query(one);
    await waitFor(() => standIn.requests === 1, { timeoutMs: LONG_MS });
    await expect(pool.query(one)).rejects.toMatchObject({ code: 'unavailable', problem: 'POOL_TIMEOUT' });
    standIn.heal();
    expect((await first).rows).toEqual([[1n]]);
  });

  it('closes a connection whose answer is late, so that no other statement gets that answer', async () => {
    const pool = open({ size: 1, requestTimeoutMs: 100 });
    await warm(pool, 1);
    standIn.fault({ kind: 'held' });
    await expect(pool.query(number(7))).rejects.toMatchObject({ code: 'timeout' });
    await waitFor(() => standIn.connections === 0, { timeoutMs: LONG_MS });
    standIn.heal();
    expect((await pool.query(number(8))).rows).toEqual([[8n]]);
    expect(standIn.connectionsOpened).toBe(2);
  });

  it('rejects a statement at the deadline of its caller', async () => {
    const pool = open({ size: 1 });
    await warm(pool, 1);
    standIn.fault({ kind: 'held' });
    const late = pool.query(one, { deadlineMs: Date.now() + 100 });
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
  });

  it('reports its connections with the role tdengine', async () => {
    const pool = open({ name: 'counted', overflow: 3 });
    await warm(pool, 2);
    const counted = (): unknown => openPools().find(({ name }) => name === 'counted');
    const known = { role: 'tdengine', server: `127.0.0.1:${String(standIn.port)}`, size: 4, overflowMax: 3 };
    expect(counted()).toMatchObject({ ...known, idle: 2, inUse: 0, waiting: 0, leaks: 0 });
    standIn.fault({ kind: 'held' });
    const answer = pool.query(one);
    await waitFor(() => standIn.requests === 1, { timeoutMs: LONG_MS });
    expect(counted()).toMatchObject({ ...known, idle: 1, inUse: 1 });
    standIn.heal();
    await answer;
  });

  it('completes the statements under way and refuses new ones when the service stops', async () => {
    const pool = open();
    await warm(pool, 4);
    standIn.fault({ kind: 'held' });
    const under = many(4, (place) => pool.query(number(place)));
    await waitFor(() => standIn.requests === 4, { timeoutMs: LONG_MS });
    const closed = pool.onApplicationShutdown();
    await expect(pool.query(one)).rejects.toMatchObject({ code: 'unavailable', message: 'The service is stopping' });
    standIn.heal();
    await closed;
    expect((await under).map(({ rows }) => rows)).toEqual([[[0n]], [[1n]], [[2n]], [[3n]]]);
    await waitFor(() => standIn.connections === 0, { timeoutMs: LONG_MS });
  });
});

describe('a TdenginePool whose server fails', () => {
  const failures: [string, TdengineFault, object][] = [
    [
      'a code under 200',
      { kind: 'error', code: 0x0110, desc: 'secret' },
      { code: 'internal', message: 'Internal error' },
    ],
    ['a code that passes', { kind: 'error', code: 0x0914, desc: 'Sync leader is restoring' }, { code: 'unavailable' }],
    ['a code of lateness', { kind: 'error', code: 0x2504, desc: 'Task timeout' }, { code: 'timeout' }],
    ['503 as a bare string', { kind: 'unavailable' }, { code: 'unavailable', retryAfterS: 1 }],
    ['429', { kind: 'refused', status: 429, code: 0xffff, desc: 'too many' }, { code: 'unavailable' }],
    ['401', { kind: 'refused', status: 401, code: 0x1124, desc: 'no' }, { code: 'internal' }],
    ['400', { kind: 'refused', status: 400, code: 0xffff, desc: 'no' }, { code: 'internal' }],
    ['a body that breaks off', { kind: 'broken' }, { code: 'unavailable' }],
    ['a reset', { kind: 'reset' }, { code: 'unavailable' }],
  ];
  it.each(failures)('translates %s into a Failure and works again afterwards', async (_, fault, expected) => {
    const pool = open();
    await warm(pool, 1);
    standIn.fault(fault);
    await expect(pool.query(one)).rejects.toMatchObject({ ...expected, name: 'Failure', cause: expect.any(Error) });
    standIn.heal();
    expect((await pool.query(one)).rows).toEqual([[1n]]);
  });

  it('waits for a slow answer', async () => {
    const pool = open();
    standIn.fault({ kind: 'slow', ms: 30 });
    expect((await pool.query(one)).rows).toEqual([[1n]]);
  });

  it('replaces connections that died while idle without failing a statement', async () => {
    const pool = open();
    await warm(pool, 4);
    await standIn.restart();
    expect((await many(8, () => pool.query(one))).map(({ rows }) => rows)).toEqual(Array(8).fill([[1n]]));
  });

  it('sends a statement again when its idle connection was cut', async () => {
    const pool = open({ size: 1, url: throughProxy() });
    await warm(pool, 1);
    const answer = pool.query(one);
    proxy.reset();
    expect((await answer).rows).toEqual([[1n]]);
  });

  it('rejects with `unavailable` while the server is down, and works again when it is back', async () => {
    const pool = open();
    await warm(pool, 2);
    await standIn.stop();
    await expect(pool.query(one)).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 1 });
    await expect(pool.check().probe()).rejects.toThrow('cannot be reached');
    await standIn.start();
    await pool.check().probe();
    expect((await pool.query(one)).rows).toEqual([[1n]]);
  });

  it('rejects with `timeout` when the server does not answer', async () => {
    const pool = open({ size: 1, url: throughProxy(), requestTimeoutMs: 200 });
    await warm(pool, 1);
    proxy.blackhole();
    await expect(pool.query(one)).rejects.toMatchObject({ code: 'timeout' });
    await proxy.pass();
    expect((await pool.query(one)).rows).toEqual([[1n]]);
  });

  it('rejects an answer above the size limit', async () => {
    const pool = open();
    await pool.query(sql`CREATE DATABASE IF NOT EXISTS test`);
    await pool.query(sql`CREATE STABLE IF NOT EXISTS big (ts TIMESTAMP, body VARCHAR(60000)) TAGS (n INT)`);
    const from = Date.now();
    const body = literal.text('x'.repeat(60_000));
    for (let block = 0; block < 36; block += 1) {
      const rows = Array.from(
        { length: 16 },
        (_, row) => sql`(${literal.timestamp(from + block * 16 + row)}, ${body})`,
      );
      await pool.query(sql`INSERT INTO b1 USING big TAGS (1) VALUES ${joinSql(rows, ' ')}`);
    }
    const failure = pool.query(sql`SELECT body FROM b1`);
    await expect(failure).rejects.toMatchObject({ code: 'internal', cause: { name: 'AnswerTooLarge' } });
    expect((await pool.query(sql`SELECT COUNT(*) FROM b1`)).rows).toEqual([[576n]]);
  });
});
