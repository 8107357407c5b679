import { readAnswer } from '@mystocks/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { answerOf, startGateway, type Gateway } from './harness.js';

const PATH = '/api/v2/stocks/600519.SH/bars?timeframe=1Day&end=2023-12-29';
const bars = { symbol: '600519.SH', bars: [{ t: '2023-12-29T00:00:00+08:00', c: 1_726 }], next_page_token: null };

let gateway: Gateway;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.close());

describe('closed history', () => {
  beforeEach(() => {
    gateway.bus.answer(readAnswer, () => answerOf(bars, { immutable: true, ttl_ms: 366 * 86_400_000 }));
  });

  it('closed history may be kept by a client for a day without asking', async () => {
    const response = await gateway.get(PATH);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('private, max-age=86400, immutable');
    expect(await response.json()).toEqual(bars);
  });

  it('costs who asks all the same no body', async () => {
    const etag = (await gateway.get(PATH)).headers.get('etag') ?? '';
    for (const path of [PATH, PATH, '/api/v2/stocks/600519.SH/bars?end=2023-12-29&timeframe=1d']) {
      const again = await gateway.get(path, { headers: { 'if-none-match': etag } });
      expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
      expect(again.headers.get('cache-control')).toBe('private, max-age=86400, immutable');
      expect(again.headers.get('x-cache')).toBe('l1-hit');
    }
    expect(gateway.count(readAnswer)).toBe(1);
  });

  it('closed history is nothing else: what may change is asked for each time', async () => {
    gateway.bus.answer(readAnswer, () => answerOf(bars));
    const response = await gateway.get(PATH);
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    const etag = response.headers.get('etag') ?? '';
    expect((await gateway.get(PATH, { headers: { 'if-none-match': etag } })).status).toBe(304);
  });
});
