import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { get, post, postCsv, type Reply } from './requests.js';

let system: System;
const bars = '/api/v2/stocks/600002.SH/bars';
const line = (day: string): string =>
  `code,exchange,date,open,high,low,close,volume\n600002,SSE,${day},10,11,9,10,100\n`;

beforeAll(async () => {
  system = await startSystem();
  const stored = await postCsv(system.url, '/api/v2/batch/bars?register=true', line('2020-06-01'), system.adminToken);
  expect(stored.status).toBe(200);
}, 180_000);
afterAll(async () => {
  await system.stop();
}, 30_000);

const read = (query = ''): Promise<Reply> => get(system.url, `${bars}${query}`, system.adminToken);
const write = (day: string): Promise<Reply> => postCsv(system.url, '/api/v2/batch/bars', line(day), system.adminToken);
const readiness = (name: keyof System['services']): Promise<{ status: number; body: unknown }> =>
  system.services[name].readiness();
const becomes = (name: keyof System['services'], status: number): Promise<unknown> =>
  waitFor(async () => (await readiness(name)).status === status, { timeoutMs: 15_000 });
const pids = (): (number | undefined)[] => Object.values(system.services).map(({ process }) => process.pid);
/**
 * Fast failure with the right problem: 503, a problem document, when to try again. Work that waited for its deadline
 * would be answered with 504, and a borrower that waited for a connection with another problem.
 */
const failsFast = async (work: () => Promise<Reply>): Promise<void> => {
  const { status, headers, body } = await work();
  expect(status).toBe(503);
  expect(headers.get('content-type')).toContain('application/problem+json');
  expect(headers.get('retry-after')).toMatch(/^\d+$/);
  expect(body).toMatchObject({ status: 503, retryable: true });
  expect(body).not.toMatchObject({ title: 'POOL_TIMEOUT' });
};

describe('a dependency is down', () => {
  it('PostgreSQL: says so, fails fast, stores nothing, heals by itself', async () => {
    const before = pids();
    const servers = [system.postgres, ...system.postgres.replicas];
    await Promise.all(servers.map((server) => server.kill()));
    await Promise.all([becomes('market-data', 503), becomes('auth', 503)]);
    expect(JSON.stringify((await readiness('market-data')).body)).toContain('postgres');
    await failsFast(() => read('?limit=7'));
    await failsFast(() => write('2020-06-02'));
    for (const server of servers) await server.restart();
    await Promise.all([becomes('market-data', 200), becomes('auth', 200)]);
    const after = await read('?limit=8');
    expect([after.status, after.text.includes('2020-06-02')]).toEqual([200, false]);
    expect((await write('2020-06-02')).status).toBe(200);
    expect(pids()).toEqual(before);
  }, 60_000);

  it('Redis: says so, and reads go on without the second tier', async () => {
    const before = pids();
    await system.redis.kill();
    await Promise.all([becomes('cache', 503), becomes('realtime', 503)]);
    expect(JSON.stringify((await readiness('cache')).body)).toContain('redis');
    const answer = await read('?limit=9');
    expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, 'miss']);
    await system.redis.restart();
    await Promise.all([becomes('cache', 200), becomes('realtime', 200)]);
    expect(pids()).toEqual(before);
  }, 60_000);

  it('NATS: every service says so, calls fail at once, all heal by themselves', async () => {
    const before = pids();
    const names = Object.keys(system.services) as (keyof System['services'])[];
    await system.nats.kill();
    await Promise.all(names.map((name) => becomes(name, 503)));
    for (const name of names) expect(JSON.stringify((await readiness(name)).body)).toContain('nats');
    await failsFast(() => read('?limit=11'));
    await failsFast(() =>
      post(system.url, '/api/v2/auth/token', {
        grant_type: 'password',
        username: 'someone-new',
        password: 'x'.repeat(15),
      }),
    );
    await system.nats.restart();
    await Promise.all(names.map((name) => becomes(name, 200)));
    expect((await read('?limit=12')).status).toBe(200);
    expect(pids()).toEqual(before);
  }, 60_000);

  it('the cache service: reads go straight to their owner', async () => {
    await system.services.cache.kill();
    const answer = await read('?limit=13');
    expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, 'miss']);
    await system.services.cache.restart();
  }, 30_000);

  it('market-data: no responder is a 503 at once', async () => {
    await system.services['market-data'].kill();
    await failsFast(() => read('?limit=14'));
    await system.services['market-data'].restart();
    await waitFor(async () => (await read('?limit=15')).status === 200, { timeoutMs: 15_000 });
  }, 30_000);
});
