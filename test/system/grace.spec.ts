import { tradingDays } from '@mystocks/calendar';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor, type StartedService } from '@mystocks/testing';
import { metricOf } from './cold-key.js';
import { startSystem, type System } from '@mystocks/testing';
import { get, postCsv, type Reply } from './requests.js';

/** Long enough for a read while the owner is away, short enough to see it end. */
const GRACE_S = 8;

let system: System;
let gateway: StartedService;
const days = tradingDays('2020-06-01', '2021-06-01').values();

beforeAll(async () => {
  system = await startSystem({ settings: { cache: { CACHE_STALE_IF_ERROR_S: String(GRACE_S) } } });
  gateway = await system.another('gateway', { CACHE_STALE_IF_ERROR_S: String(GRACE_S) });
  await write();
}, 90_000);
afterAll(async () => {
  await system.stop();
}, 30_000);

/** One more day of bars of the symbol: what was kept before is invalidated. */
async function write(): Promise<void> {
  const date = days.next().value ?? '';
  const csv = `code,exchange,date,open,high,low,close,volume\n600002,SSE,${date},10,11,9,10,100\n`;
  const stored = await postCsv(system.url, '/api/v2/batch/bars?register=true', csv, system.adminToken);
  expect(stored.status).toBe(200);
}
const read = (query = ''): Promise<Reply> =>
  get(gateway.url, `/api/v2/stocks/600002.SH/bars${query}`, system.adminToken);
const stateOf = ({ headers }: Reply): string | null => headers.get('x-cache');
const qualityOf = ({ body }: Reply): string => (body as { meta: { quality: string } }).meta.quality;
const barsOf = ({ body }: Reply): unknown => (body as { bars: unknown }).bars;
const becomes = (state: string, query?: string): Promise<Reply> =>
  waitFor(
    async () => {
      const reply = await read(query);
      return reply.status === 200 && stateOf(reply) === state ? reply : undefined;
    },
    { timeoutMs: 20_000, what: `a read that is ${state}` },
  ) as Promise<Reply>;

/** Reads until the gateway stores the answer; then a write invalidates it, and the owner ends before the next read. */
async function invalidatedWithoutOwner(query?: string): Promise<Reply> {
  const kept = await becomes('l1-hit', query);
  await write();
  await system.services['market-data'].kill();
  return kept;
}

describe('the owner is away', () => {
  it('the last good answer stands in, says how old it is and that it is stale, and ends with its grace', async () => {
    const kept = await invalidatedWithoutOwner();
    const stale = await read();
    expect([stale.status, stateOf(stale), stale.headers.get('x-data-quality')]).toEqual([200, 'stale', 'stale']);
    expect([qualityOf(stale), barsOf(stale)]).toEqual(['stale', barsOf(kept)]);
    expect(stale.headers.get('etag')).not.toBe(kept.headers.get('etag'));
    expect(stale.headers.get('cache-control')).toBe('private, no-cache');
    const age = Number(stale.headers.get('age'));
    // Longer than it takes to notice that the owner died without signing off, and may have written without publishing.
    const older = await waitFor(
      async () => {
        const reply = await read();
        return stateOf(reply) === 'stale' && Number(reply.headers.get('age')) >= age + 4 ? reply : undefined;
      },
      { timeoutMs: 6_000, what: 'an older answer' },
    );
    expect(barsOf(older as Reply)).toEqual(barsOf(kept));

    const over = await waitFor(
      async () => {
        const reply = await read();
        return reply.status === 200 ? undefined : reply;
      },
      { timeoutMs: 20_000, what: 'the end of the grace' },
    );
    expect([over?.status, over?.headers.get('retry-after')]).toEqual([503, '1']);
    expect(over?.headers.get('content-type')).toContain('application/problem+json');

    await system.services['market-data'].restart();
    const back = await becomes('l1-hit');
    expect([qualityOf(back), JSON.stringify(barsOf(back)).includes('2020-06-02')]).toEqual(['eod', true]);
  }, 90_000);

  it('the first tier stands in by itself when the cache service is away, too', async () => {
    const kept = await invalidatedWithoutOwner('?limit=7');
    await system.services.cache.kill();
    const stale = await read('?limit=7');
    expect([stale.status, stateOf(stale), qualityOf(stale)]).toEqual([200, 'stale', 'stale']);
    expect(barsOf(stale)).toEqual(barsOf(kept));
    expect((await read('?limit=8')).status).toBe(503);
    await Promise.all([system.services.cache.restart(), system.services['market-data'].restart()]);
    await becomes('l1-hit', '?limit=7');
  }, 90_000);
});

describe('the cache service is frozen', () => {
  it('reads go on from the owner: those that wait go over, those that come do not wait', async () => {
    const { cache } = system.services;
    cache.pause();
    try {
      const waiting = await Promise.all(Array.from({ length: 10 }, (_, n) => read(`?limit=${String(20 + n)}`)));
      expect(waiting.map((reply) => [reply.status, stateOf(reply)])).toEqual(waiting.map(() => [200, 'miss']));
      const coming = await Promise.all(Array.from({ length: 10 }, (_, n) => read(`?limit=${String(40 + n)}`)));
      expect(coming.map((reply) => [reply.status, stateOf(reply)])).toEqual(coming.map(() => [200, 'miss']));
    } finally {
      cache.resume();
    }
    await becomes('l1-hit', '?limit=20');
  }, 60_000);
});

describe.each(['cache', 'market-data'] as const)('one of two instances of %s is frozen', (name) => {
  it('every read is answered once it is missed: those that meet it are asked of the other one', async () => {
    const second = await system.another(name, { CACHE_STALE_IF_ERROR_S: String(GRACE_S) });
    let limit = name === 'cache' ? 100 : 300;
    const cold = async (): Promise<number[]> => {
      limit += 20;
      const replies = await Promise.all(Array.from({ length: 20 }, (_, n) => read(`?limit=${String(limit + n)}`)));
      return replies.map(({ status }) => status);
    };
    const caller = name === 'cache' ? gateway : system.services.cache;
    const repeats = (): Promise<number> => metricOf(caller, 'bus_calls_repeated_total');
    await cold();
    const before = await repeats();
    second.pause();
    try {
      const isMissed = async (): Promise<boolean> => {
        for (const status of await cold()) expect([200, 504]).toContain(status);
        return (await repeats()) > before;
      };
      while (!(await isMissed()));
      for (let round = 0; round < 5; round += 1) expect(await cold()).toEqual(Array.from({ length: 20 }, () => 200));
    } finally {
      second.resume();
    }
    await second.stop();
  }, 60_000);
});

describe('NATS is frozen', () => {
  it('answers before the deadline: the last good answer, else 503, and back to normal with its next heartbeat', async () => {
    const kept = await becomes('l1-hit');
    system.nats.pause();
    try {
      const waiting = await Promise.all(Array.from({ length: 5 }, (_, n) => read(`?limit=${String(60 + n)}`)));
      expect(waiting.map(({ status }) => status)).toEqual(waiting.map(() => 503));
      const stale = await read();
      expect([stale.status, stateOf(stale), barsOf(stale)]).toEqual([200, 'stale', barsOf(kept)]);
      expect((await read('?limit=70')).status).toBe(503);
    } finally {
      system.nats.resume();
    }
    await becomes('l1-hit');
  }, 60_000);
});
