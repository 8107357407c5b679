import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  cacheModel,
  cacheStatus,
  dropAnswers,
  listBars,
  prewarmStatus,
  type CacheEntries,
  type CacheStatus,
  type Role,
} from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import { startGateway, type Gateway } from './harness.js';

let gateway: Gateway;
let dropped: CacheEntries[];
const second: CacheStatus = {
  ...{ l2: 'redis', l2_connected: true, hits: 30, misses: 10, origin_calls: 8 },
  ...{ stale_revalidate: 2, stale_error: 1, instance: 'host:1', since: '2026-11-02T09:00:00+08:00' },
};
const KEY = 'k'.repeat(43);

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  dropped = [];
  gateway.bus
    .answer(cacheStatus, () => second)
    .answer(dropAnswers, (entries) => {
      dropped.push(entries);
      return { dropped: 3 };
    });
});

const ask = (method: string, path: string, body?: unknown, role: Role = 'operator'): Promise<Response> =>
  gateway.get(`/api/v2/cache${path}`, {
    method,
    token: gateway.token(role),
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
const json = async (response: Response): Promise<Record<string, unknown>> =>
  (await response.json()) as Record<string, unknown>;
const drop = (name: string): Promise<Response> => ask('DELETE', `/keys/${encodeURIComponent(name)}`);

describe('the routes of the cache', () => {
  const routes = [
    ['GET', '/status', undefined],
    ['GET', '/prewarm/status', undefined],
    ['GET', '/model', undefined],
    ['DELETE', `/keys/${KEY}`, undefined],
    ['POST', '/invalidate', { tags: ['600519.SH'] }],
  ] as const;

  it.each(routes)('the routes of the cache are for operators and administrators: %s %s', async (method, path, body) => {
    for (const role of ['user', 'analyst', 'feed', 'auditor', 'guest'] as const)
      expect([role, (await ask(method, path, body, role)).status]).toEqual([role, 403]);
    const open = await gateway.get(`/api/v2/cache${path}`, { method, token: '' });
    expect(open.status).toBe(401);
    expect(dropped).toEqual([]);
  });

  it.each(['operator', 'admin'] as const)('the routes of the cache let %s in', async (role) => {
    expect((await ask('GET', '/status', undefined, role)).status).toBe(200);
    expect((await ask('DELETE', `/keys/${KEY}`, undefined, role)).status).toBe(200);
  });
});

describe('GET /cache/status', () => {
  it('tells both tiers, and whose numbers they are', async () => {
    metrics.cacheHits.cell('l1').count = 3;
    metrics.cacheMisses.cell('l1').count = 1;
    metrics.cacheStale.cell('l1', 'error').count = 1;
    expect(await json(await ask('GET', '/status'))).toEqual({
      l1: {
        instance: expect.stringMatching(new RegExp(`:${process.pid}$`)),
        since: expect.stringMatching(/^\d{4}-.*Z$/),
        ...{ entries: 0, hits: 3, misses: 1, hit_rate: 0.75 },
        stale: { revalidate: 0, error: 1 },
      },
      l2: {
        ...{ instance: 'host:1', since: '2026-11-02T09:00:00+08:00', kind: 'redis', connected: true },
        ...{ hits: 30, misses: 10, hit_rate: 0.75, stale: { revalidate: 2, error: 1 }, origin_calls: 8 },
      },
      unavailable: [],
    });
  });

  it('tells L1 when the cache service is away', async () => {
    gateway.bus.silence(cacheStatus);
    const response = await ask('GET', '/status');
    expect(response.status).toBe(200);
    expect(await json(response)).toMatchObject({ l1: { entries: 0 }, l2: null, unavailable: ['cache'] });
  });

  it('GET /cache/status has no hit rate before the first read', async () => {
    gateway.bus.answer(cacheStatus, () => ({ ...second, hits: 0, misses: 0 }));
    expect(await json(await ask('GET', '/status'))).toMatchObject({ l2: { hit_rate: null } });
  });

  it('GET /cache/status is in v1 what the original told of its one cache, deprecated from birth', async () => {
    metrics.cacheHits.cell('l1').count = 90;
    metrics.cacheMisses.cell('l1').count = 10;
    // Others ask the second tier too, and it counts since another start: its numbers say nothing of these reads.
    gateway.bus.answer(cacheStatus, () => ({ ...second, hits: 0, misses: 5_000 }));
    const path = '/api/v1/cache/status';
    const response = await gateway.get(path, { token: gateway.token('operator') });
    expect(response.headers.get('link')).toContain('</api/v2/cache/status>; rel="successor-version"');
    expect(await json(response)).toMatchObject({
      ...{ success: true, code: 200, message: '获取缓存统计信息成功', errors: null },
      data: {
        ...{ total_reads: 100, total_writes: null, cache_hits: 90, cache_misses: 10 },
        ...{ hit_rate: 0.9, hit_rate_percent: '90.0%' },
      },
    });
    expect((await gateway.get(path)).status).toBe(403);
    expect((await gateway.get(`${path}?a=1`, { token: gateway.token('operator') })).status).toBe(400);
  });
});

describe('DELETE /cache/keys/{key}', () => {
  it('drops by the key, and says how many went, none included', async () => {
    expect(await json(await drop(KEY))).toEqual({ dropped: 3 });
    gateway.bus.answer(dropAnswers, () => ({ dropped: 0 }));
    const none = await drop(KEY);
    expect([none.status, await json(none)]).toEqual([200, { dropped: 0 }]);
    expect(dropped).toEqual([{ keys: [KEY] }]);
  });

  it('takes the call and its request instead, as long as a hundred symbols make them', async () => {
    expect((await drop(`${listBars.subject} {"symbol":"600519.SH"}`)).status).toBe(200);
    const symbols = Array.from({ length: 100 }, (_, n) => `${600_000 + n}.SH`);
    expect((await drop(`svc.market-data.quotes.latest.v1 ${JSON.stringify({ symbols })}`)).status).toBe(200);
    for (const { keys = [] } of dropped) expect(keys).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
    expect(dropped).toHaveLength(2);
  });

  it.each([
    ['no key', 'latest'],
    ['no request', listBars.subject],
    ['a request that is none', `${listBars.subject} {"symbol":7}`],
    ['a call that keeps nothing', 'svc.auth.users.me.v1 {}'],
  ])('refuses %s with words', async (_what, name) => {
    const response = await drop(name);
    expect(response.status).toBe(400);
    expect(String((await json(response))['detail']).length).toBeGreaterThan(10);
    expect(dropped).toEqual([]);
  });

  it('says that the cache service is away', async () => {
    gateway.bus.silence(dropAnswers);
    expect((await drop(KEY)).status).toBe(503);
  });
});

describe('POST /cache/invalidate', () => {
  it('drops by tags', async () => {
    expect(await json(await ask('POST', '/invalidate', { tags: ['instruments', 'quote:600519.SH'] }))).toEqual({
      dropped: 3,
    });
    expect(dropped).toEqual([{ tags: ['instruments', 'quote:600519.SH'] }]);
  });

  it('drops bars and quotes of symbols in any spelling, each once', async () => {
    await ask('POST', '/invalidate', { symbols: ['SH600519', '600519.XSHG'], tags: ['600519.SH'] });
    expect(dropped).toEqual([{ tags: ['600519.SH', 'quote:600519.SH'] }]);
  });

  it('asks in as many calls as a thousand bare codes need', async () => {
    const symbols = Array.from({ length: 1_000 }, (_, n) => String(600_000 + n));
    expect(await json(await ask('POST', '/invalidate', { symbols }))).toEqual({ dropped: 18 });
    expect(dropped.map(({ tags = [] }) => tags.length)).toEqual([1_000, 1_000, 1_000, 1_000, 1_000, 1_000]);
  });

  it.each([
    ['nothing', {}, 1001],
    ['empty lists', { tags: [] }, 1001],
    ['a symbol that is none', { symbols: ['600519.NY'] }, 1102],
    ['a tag that is none', { tags: ['600519.SH', 'a b'] }, 1001],
    ['an unknown field', { keys: [KEY] }, 1001],
    ['more than a thousand', { tags: Array.from({ length: 1_001 }, (_, n) => `t${n}`) }, 1001],
    ['more than a thousand together', { tags: ['x'], symbols: Array.from({ length: 1_000 }, () => '600519') }, 1001],
    ['no object', ['600519.SH'], 1001],
  ])('refuses %s', async (_what, body, code) => {
    const response = await ask('POST', '/invalidate', body);
    expect([response.status, (await json(response))['code']]).toEqual([400, code]);
    expect(dropped).toEqual([]);
  });
});

describe('a wrong tag', () => {
  it.each([1, '*', 'a b', 't'.repeat(33), 'a\r\nset-cookie: b=c', null])(
    'a wrong tag is told by its place and what a tag is, and is not repeated: %j',
    async (tag) => {
      const response = await ask('POST', '/invalidate', { tags: ['instruments', tag] });
      expect(response.status).toBe(400);
      const what = 'must be a list of at most 1000 tags of 1 to 32 letters, digits or : . _ -';
      expect(await json(response)).toMatchObject({
        errors: [{ pointer: '/tags', message: `${what}; the item at index 1 is wrong` }],
      });
    },
  );
});

describe('the warm-up', () => {
  it('the warm-up is reported, and so is what chooses', async () => {
    const prewarm = {
      ...{ enabled: false, reason: 'no token', rule: 'decayed-reads', symbols_max: 500, per_second_max: 50 },
      access_log: { storing: true, waiting: 0, dropped: 0 },
      runs: [],
    };
    const model = {
      ...{ kind: 'rule' as const, name: 'decayed-reads', ranks_by: 'reads' },
      ...{ half_life_hours: 24, looks_back_hours: 240 },
    };
    gateway.bus.answer(prewarmStatus, () => prewarm).answer(cacheModel, () => model);
    expect(await json(await ask('GET', '/prewarm/status'))).toEqual(prewarm);
    expect(await json(await ask('GET', '/model'))).toEqual(model);
  });
});
