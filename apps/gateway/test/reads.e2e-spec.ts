import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  barsChanged,
  cacheStates,
  Failure,
  latestQuotes,
  listBars,
  readAnswer,
  type CacheState,
} from '@mystocks/contracts';
import { withContext } from '@mystocks/telemetry';
import { NearAnswers } from '../src/reads/near-answers.js';
import { ReadsService } from '../src/reads/reads.service.js';
import { answerOf, startGateway, type Gateway } from './harness.js';

const bars = {
  symbol: '600519.SH',
  bars: [{ t: '2023-12-29T00:00:00+08:00', o: 1720.5, h: 1, l: 1, c: 1, v: 1, amt: 1 }],
  next_page_token: null,
  meta: {},
};
const PATH = '/api/v2/stocks/600519.SH/bars?timeframe=1Day&limit=5';
const question = { symbol: '600519.SH', timeframe: '1Day', adjustment: 'raw', sort: 'asc', limit: 5 } as const;
let gateway: Gateway;
const announce = (lsn: string): void => {
  const bar = { t: '2023-12-29T00:00:00+08:00', o: 1, h: 1, l: 1, c: 1, v: 1 };
  gateway.bus.publish(barsChanged, {
    symbol: '600519.SH',
    timeframe: '1Day',
    from: '2023-12-29',
    to: '2023-12-29',
    bar,
    received_at_ms: 1,
    lsn,
  });
};

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.app.get(NearAnswers).clear();
  gateway.bus.called.length = 0;
  gateway.contexts.length = 0;
  gateway.bus.answer(readAnswer, () => ({ ...answerOf(bars), cache: 'miss' as CacheState }));
});

describe('a read', () => {
  it('comes from the cache service first and from this process afterwards', async () => {
    const first = await gateway.get(PATH);
    expect(first.status).toBe(200);
    expect(await first.json()).toEqual(bars);
    expect(first.headers.get('x-cache')).toBe('miss');
    const second = await gateway.get(PATH);
    expect(await second.json()).toEqual(bars);
    expect(second.headers.get('x-cache')).toBe('l1-hit');
    expect(gateway.count(readAnswer)).toBe(1);
  });

  it('carries the same headers by the hot path and by the long way', async () => {
    const names = [
      'etag',
      'cache-control',
      'x-data-as-of',
      'x-data-quality',
      'content-type',
      'content-length',
      'x-content-type-options',
      'content-security-policy',
      'strict-transport-security',
    ];
    const pick = (response: Response): unknown[] => names.map((name) => [name, response.headers.get(name)]);
    const long = await gateway.get(PATH);
    const hot = await gateway.get(PATH);
    expect(hot.headers.get('x-cache')).toBe('l1-hit');
    expect(pick(hot)).toEqual(pick(long));
    for (const response of [long, hot]) {
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(response.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(response.headers.get('age')).toBe('0');
    }
  });

  it('keeps the request id and trace it was given, on both ways and on to the bus', async () => {
    const headers = {
      'x-request-id': 'my-request-1',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    };
    for (const way of ['miss', 'l1-hit']) {
      const response = await gateway.get(PATH, { headers });
      expect(response.headers.get('x-cache')).toBe(way);
      expect(response.headers.get('x-request-id')).toBe('my-request-1');
      expect(response.headers.get('traceparent')).toContain('4bf92f3577b34da6a3ce929d0e0e4736');
    }
    const [context] = gateway.contexts;
    expect(context).toMatchObject({ requestId: 'my-request-1' });
    expect(context?.token).toBeDefined();
  });

  it('answers 304 to a tag it still stands by, weak or in a list, on both ways', async () => {
    const etag = (await gateway.get(PATH)).headers.get('etag') ?? '';
    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      for (const path of [PATH, `${PATH}&sort=asc`]) {
        const response = await gateway.get(path, { headers: { 'if-none-match': given } });
        expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', etag]);
      }
    }
    expect((await gateway.get(PATH, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  it('a read is asked of the owner straight when the cache service is away', async () => {
    gateway.bus.silence(readAnswer);
    gateway.bus.answer(listBars, () => answerOf(bars));
    const response = await gateway.get(PATH);
    expect([response.status, response.headers.get('x-cache')]).toEqual([200, 'miss']);
    gateway.bus.silence(listBars);
    expect((await gateway.get(PATH)).headers.get('x-cache')).toBe('l1-hit');
    const down = await gateway.get('/api/v2/stocks/000001.SZ/bars');
    expect([down.status, down.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('a read is not asked of an owner that has just refused it through the cache service', async () => {
    const busy = new Failure('unavailable', 'The service is busy', { problem: 'OVERLOADED', retryAfterS: 3 });
    gateway.bus.answer(readAnswer, () => Promise.reject(busy));
    gateway.bus.answer(listBars, () => answerOf(bars));
    const response = await gateway.get(PATH);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '3']);
    expect(gateway.count(listBars)).toBe(0);
    gateway.bus.silence(listBars);
  });

  it('asks once however many ask at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => gateway.get(PATH)));
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
    expect(gateway.count(readAnswer)).toBe(1);
  });

  it('refuses only the caller whose token was refused, not those who asked at the same time', async () => {
    const reads = gateway.app.get(ReadsService);
    const refused = new Failure('unauthenticated', 'The access token has expired');
    gateway.bus.answer(readAnswer, () => {
      gateway.bus.answer(readAnswer, () => ({ ...answerOf(bars), cache: 'miss' as CacheState }));
      throw refused;
    });
    const ask = (): Promise<unknown> => reads.read(listBars, question);
    const [first, ...joined] = await Promise.allSettled([ask(), ask(), ask()]);
    expect(first).toEqual({ status: 'rejected', reason: refused });
    expect(joined.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('a read is not shared with others when it rests on a position that a client made up', async () => {
    const reads = gateway.app.get(ReadsService);
    const context = { requestId: 'r', traceparent: '00-0-0-01', readAfter: 'FFFFFFFF/FFFFFFFF' };
    const ask = (): Promise<unknown> => withContext(context, () => reads.read(listBars, question));
    await Promise.all([ask(), ask()]);
    expect(gateway.count(readAnswer)).toBe(2);
  });

  it('a read is fetched anew after a write, and with the position of that write', async () => {
    await gateway.get(PATH);
    announce('0/AA');
    const after = await gateway.get(PATH);
    expect(after.headers.get('x-cache')).toBe('miss');
    expect(gateway.contexts.at(-1)?.readAfter).toBe('0/AA');
    expect((await gateway.get(PATH)).headers.get('x-cache')).toBe('l1-hit');
  });

  it('asks the cache service for no position that only events have: its entries would never be new enough', async () => {
    announce('0/AB');
    gateway.bus.answer(readAnswer, () => ({ ...answerOf(bars), cache: 'l2-hit' as CacheState, after: '0/AB' }));
    expect((await gateway.get(PATH)).headers.get('x-cache')).toBe('l2-hit');
    expect(gateway.contexts.map((context) => context?.readAfter)).toEqual([undefined]);
  });

  it('does not serve an answer older than the client’s own write', async () => {
    await gateway.get(PATH);
    const response = await gateway.get(PATH, { headers: { 'x-read-after': '7/0' } });
    expect(response.headers.get('x-cache')).toBe('miss');
    expect(gateway.contexts.at(-1)?.readAfter).toBe('7/0');
    announce('7/0');
    await gateway.get(PATH, { headers: { 'x-read-after': '7/0' } });
    const again = await gateway.get(PATH, { headers: { 'x-read-after': '7/0' } });
    expect(again.headers.get('x-cache')).toBe('l1-hit');
  });

  it('does not let a position that a client made up hold an old answer against later writes', async () => {
    await gateway.get(PATH, { headers: { 'x-read-after': 'FFFFFFFF/FFFFFFFF' } });
    announce('8/0');
    expect((await gateway.get(PATH)).headers.get('x-cache')).toBe('miss');
  });

  it('passes the deadline on and refuses a malformed one', async () => {
    await gateway.get(PATH, { headers: { 'x-deadline-ms': '1500' } });
    const left = (gateway.contexts.at(-1)?.deadlineMs ?? 0) - Date.now();
    expect(left).toBeGreaterThan(500);
    expect(left).toBeLessThanOrEqual(1_500);
    for (const bad of ['0', '-1', '60001', '1e3', 'soon']) {
      expect((await gateway.get(PATH, { headers: { 'x-deadline-ms': bad } })).status).toBe(400);
    }
  });

  it('accepts the other spellings of a timeframe', async () => {
    for (const [alias, canonical] of [
      ['1d', '1Day'],
      ['weekly', '1Week'],
      ['5m', '5Min'],
    ]) {
      await gateway.get(`/api/v2/stocks/600519/bars?timeframe=${alias}`);
      const { request } = gateway.bus.called.at(-1)?.request as { request: string };
      expect(JSON.parse(request)).toMatchObject({ symbol: '600519', timeframe: canonical });
    }
  });

  it('a read of one quote answers that quote, and 404 when there is none', async () => {
    const quotes: Record<string, unknown> = { '600519.SH': { t: '2024-06-14T09:31:00+08:00', last: 1.5 } };
    gateway.bus.answer(readAnswer, ({ subject }) => {
      expect(subject).toBe(latestQuotes.subject);
      return answerOf({ quotes, meta: { quality: 'live' } });
    });
    const response = await gateway.get('/api/v2/stocks/600519.SH/quotes/latest');
    expect(await response.json()).toEqual({
      symbol: '600519.SH',
      quote: quotes['600519.SH'],
      meta: { quality: 'live' },
    });
    gateway.bus.answer(readAnswer, () => answerOf({ quotes: {}, meta: {} }));
    expect((await gateway.get('/api/v2/stocks/600000.SH/quotes/latest')).status).toBe(404);
  });

  it('a read is not remembered when its owner says so', async () => {
    gateway.bus.answer(readAnswer, () => answerOf({ phase: 'closed' }, { ttl_ms: 0, tags: [] }));
    await gateway.get('/api/v2/clock');
    await gateway.get('/api/v2/clock');
    expect(gateway.count(readAnswer)).toBe(2);
    expect(cacheStates).toContain('miss');
  });

  it('drops everything it kept when the bus was away', async () => {
    await gateway.get(PATH);
    gateway.bus.setConnected(false);
    gateway.bus.setConnected(true);
    expect((await gateway.get(PATH)).headers.get('x-cache')).toBe('miss');
    // And stores nothing for a second: a replica may be behind an event that never arrived.
    expect((await gateway.get(PATH)).headers.get('x-cache')).toBe('miss');
  });
});
