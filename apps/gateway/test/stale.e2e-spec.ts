import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  barsChanged,
  entriesDropped,
  Failure,
  latestQuotes,
  listBars,
  readAnswer,
  type Answer,
  type CacheState,
  type FailureCode,
} from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import { signToken, waitFor } from '@mystocks/testing';
import { NearAnswers } from '../src/reads/near-answers.js';
import { answerOf, startGateway, type Gateway } from './harness.js';

const PATH = '/api/v2/stocks/600519.SH/bars?timeframe=1Day&limit=5';
const bars = [{ t: '2024-06-14T00:00:00+08:00', o: 1, h: 1, l: 1, c: 1, v: 1, amt: null }];
const staleCells = ['revalidate', 'error'].map((reason) => metrics.cacheStale.cell('l1', reason));
const counted = (): number[] => staleCells.map(({ count }) => count);

/** Bars with their quality as market-data writes it; fresh for a minute. */
function barsOf(changes: Partial<Answer> = {}): Answer {
  const document = { symbol: '600519.SH', bars, next_page_token: null, meta: { quality: 'live' } };
  const quality_at = JSON.stringify(document).indexOf('"live"');
  return answerOf(document, { quality: 'live', quality_at, ...changes });
}

let gateway: Gateway;
let aheadMs = 0;
let before: number[];
const tokens = new Map<number, string>();
/** Reads as a user whose token is of this hour, however far the clock was put on. */
function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const iat = Math.floor(systemClock.now() / 1_000);
  const token = tokens.get(aheadMs) ?? signToken(['user'], { claims: { iat, exp: iat + 900 } });
  tokens.set(aheadMs, token);
  return gateway.get(path, { headers, token });
}
const stales = (): number[] => counted().map((count, index) => count - (before[index] ?? 0));
const allFail = (code: FailureCode = 'unavailable'): void => {
  gateway.bus.answer(readAnswer, () => Promise.reject(new Failure(code, 'no')));
  gateway.bus.answer(listBars, () => Promise.reject(new Failure(code, 'no')));
};
const qualityOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { meta: { quality: string } }).meta.quality;

beforeAll(async () => {
  jest.spyOn(systemClock, 'now').mockImplementation(() => Date.now() + aheadMs);
  gateway = await startGateway();
});
afterAll(() => gateway.close());
beforeEach(async () => {
  gateway.app.get(NearAnswers).clear();
  before = counted();
  gateway.bus.answer(readAnswer, () => ({ ...barsOf({ swr_ms: 10_000 }), cache: 'miss' as CacheState }));
  await get(PATH);
  gateway.bus.called.length = 0;
});
afterEach(() => {
  gateway.bus.silence(listBars);
});

describe('an answer that may be served while it is asked for again', () => {
  it('an answer that may be served while it is asked for again is served at once, marked, and the next reader has the new one', async () => {
    aheadMs += 60_000;
    gateway.bus.answer(readAnswer, () => ({
      ...barsOf({ etag: '"new"', built_at_ms: systemClock.now() }),
      cache: 'l2-hit' as CacheState,
    }));
    const served = await get(PATH);
    expect(served.headers.get('x-cache')).toBe('stale');
    expect(await qualityOf(served)).toBe('stale');
    await waitFor(async () => (await get(PATH)).headers.get('etag') === '"new"', { timeoutMs: 5_000 });
    expect(gateway.count(readAnswer)).toBe(1);
    expect(stales()[1]).toBe(0);
  });
});

describe('the last good answer', () => {
  it('stands in when cache service and owner are away: old, and said to be', async () => {
    aheadMs += 70_000;
    allFail();
    const served = await get(PATH);
    expect([served.status, served.headers.get('x-cache'), served.headers.get('x-data-quality')]).toEqual([
      200,
      'stale',
      'stale',
    ]);
    expect(Number(served.headers.get('age'))).toBeGreaterThanOrEqual(70);
    expect(served.headers.get('cache-control')).toBe('private, no-cache');
    const etag = served.headers.get('etag') ?? '';
    expect(etag).toMatch(/-stale"$/);
    expect(await qualityOf(served)).toBe('stale');
    const unchanged = await get(PATH, { 'if-none-match': etag });
    expect([unchanged.status, unchanged.headers.get('x-cache')]).toEqual([304, 'stale']);
    expect(stales()).toEqual([0, 2]);
  });

  it('the last good answer is never sent by the hot path, and gives way as soon as the owner answers', async () => {
    aheadMs += 70_000;
    allFail('timeout');
    for (let turn = 0; turn < 3; turn += 1) expect((await get(PATH)).headers.get('x-cache')).toBe('stale');
    gateway.bus.answer(readAnswer, () => ({ ...barsOf(), cache: 'miss' as CacheState }));
    const fresh = await get(PATH);
    expect([fresh.headers.get('x-cache'), await qualityOf(fresh)]).toEqual(['miss', 'live']);
  });

  it('stands in for what a write has invalidated, and not for longer than is configured', async () => {
    const days = { from: '2024-06-14', to: '2024-06-14' };
    const bar = { t: '2024-06-14T00:00:00+08:00', o: 1, h: 1, l: 1, c: 1, v: 1 };
    const written = { symbol: '600519.SH', timeframe: '1Day', ...days, bar, received_at_ms: 1, lsn: '0/5' } as const;
    gateway.bus.publish(barsChanged, written);
    allFail();
    expect((await get(PATH)).headers.get('x-cache')).toBe('stale');
    aheadMs += 900_000;
    const over = await get(PATH);
    expect([over.status, over.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('does not stand in for a refusal, nor for who must see more, nor once it was dropped', async () => {
    aheadMs += 70_000;
    allFail('not_found');
    expect((await get(PATH)).status).toBe(404);
    allFail();
    expect((await get(PATH, { 'x-read-after': '7/0' })).status).toBe(503);
    gateway.bus.publish(entriesDropped, { by: 'another', tags: ['600519.SH'] });
    await new Promise(setImmediate);
    expect((await get(PATH)).status).toBe(503);
  });

  it('the last good answer of the cache service is passed on as it is and not kept', async () => {
    gateway.app.get(NearAnswers).clear();
    const stale = { cache: 'stale', quality: 'stale', ttl_ms: 0 } as const;
    gateway.bus.answer(readAnswer, () => barsOf(stale));
    for (let turn = 0; turn < 2; turn += 1) {
      const served = await get(PATH);
      expect([served.headers.get('x-cache'), served.headers.get('x-data-quality')]).toEqual(['stale', 'stale']);
    }
    expect(gateway.count(readAnswer)).toBe(2);
    expect(stales()).toEqual([0, 0]);
  });

  it('serves v1 and the view of one quote, too', async () => {
    const v1 = '/api/v1/market/kline?stock_code=600519.SH&period=daily';
    const quote = '/api/v2/stocks/600519.SH/quotes/latest';
    const document = { quotes: { '600519.SH': { last: 1.5 } }, meta: { quality: 'live', as_of: null } };
    const quality_at = JSON.stringify(document).indexOf('"live"');
    gateway.bus.answer(readAnswer, ({ subject }) =>
      subject === latestQuotes.subject ? answerOf(document, { quality: 'live', quality_at }) : barsOf(),
    );
    expect([(await get(v1)).status, (await get(quote)).status]).toEqual([200, 200]);
    aheadMs += 70_000;
    allFail();
    const old = await get(v1);
    expect(await old.json()).toMatchObject({ success: true, data: [{ close: 1 }] });
    // The frozen envelope has no place for it.
    expect(['x-cache', 'x-data-quality'].map((name) => old.headers.get(name))).toEqual(['stale', 'stale']);
    expect(Number(old.headers.get('age'))).toBeGreaterThanOrEqual(70);
    const one = await get(quote);
    expect(one.headers.get('x-cache')).toBe('stale');
    expect(await one.json()).toEqual({
      symbol: '600519.SH',
      quote: { last: 1.5 },
      meta: { quality: 'stale', as_of: null },
    });
  });
});

describe('hits and misses of the first tier', () => {
  const cells = [metrics.cacheHits.cell('l1'), metrics.cacheMisses.cell('l1')];
  const all = (): number[] => cells.map(({ count }) => count);

  it('hits and misses of the first tier are counted once a read, whichever way it goes', async () => {
    const from = all();
    const since = (): number[] => all().map((count, index) => count - (from[index] ?? 0));
    // Kept anew by v1, the answer is known by its v2 URL, and yet has not been served there.
    gateway.app.get(NearAnswers).clear();
    const question = { stock_code: '600519.SH', adjust: '', start_date: '2024-01-01', period: 'daily' };
    const v1 = `/api/v1/market/kline?${new URLSearchParams(question).toString()}`;
    const v2 = '/api/v2/stocks/600519.SH/bars?timeframe=1Day&start=2024-01-01&limit=10000';
    gateway.bus.answer(readAnswer, () => barsOf());
    await get(v2);
    aheadMs += 61_000;
    await get(v1);
    expect(since()).toEqual([0, 2]);
    for (let turn = 0; turn < 3; turn += 1) expect((await get(v2)).headers.get('x-cache')).toBe('l1-hit');
    expect(since()).toEqual([3, 2]);
    const iat = Math.floor(systemClock.now() / 1_000);
    const token = signToken(['auditor'], { claims: { iat, exp: iat + 900 } });
    for (let turn = 0; turn < 3; turn += 1) expect((await gateway.get(v2, { token })).status).toBe(403);
    expect(since()).toEqual([3, 2]);
  });
});
