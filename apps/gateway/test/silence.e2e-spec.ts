import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { listBars, readAnswer, type Answer } from '@mystocks/contracts';
import { waitFor, type FakeBus } from '@mystocks/testing';
import { NearAnswers } from '../src/reads/near-answers.js';
import { answerOf, startGateway, type Gateway } from './harness.js';

const PATH = '/api/v2/stocks/600519.SH/bars?timeframe=1Day&limit=5';
const OTHER = '/api/v2/stocks/600519.SH/bars?timeframe=1Day&limit=6';

function barsOf(changes: Partial<Answer> = {}): Answer {
  const document = { symbol: '600519.SH', bars: [], next_page_token: null, meta: { quality: 'live' } };
  const quality_at = JSON.stringify(document).indexOf('"live"');
  return answerOf(document, { quality: 'live', quality_at, ...changes });
}
const withoutAnswer = (): Promise<Answer> => new Promise(() => undefined);

let gateway: Gateway;
let cache: FakeBus;
const get = (path: string): Promise<Response> => gateway.get(path);
/** Time in which gateway and cache service hear each other, and themselves. */
async function together(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 250) await Promise.all([gateway.bus.passTime(250), cache.passTime(250)]);
}

beforeEach(async () => {
  gateway = await startGateway();
  cache = gateway.bus.beside('cache');
  await together(3_000);
});
afterEach(() => gateway.close());

describe('a cache service that falls silent', () => {
  it('a cache service that falls silent is waited for no longer: the owner is asked, and asked straight from then on', async () => {
    gateway.bus.answer(readAnswer, withoutAnswer);
    gateway.bus.answer(listBars, () => barsOf({ ttl_ms: 0 }));
    const waiting = get(PATH);
    await waitFor(() => gateway.count(readAnswer) === 1, { timeoutMs: 5_000 });
    await gateway.bus.passTime(2_500);
    expect([(await waiting).status, gateway.count(listBars)]).toEqual([200, 1]);
    expect((await get(PATH)).status).toBe(200);
    expect([gateway.count(readAnswer), gateway.count(listBars)]).toEqual([1, 2]);
    await together(1_000);
    const after = gateway.app.get(NearAnswers).latestLsn ?? '0/0';
    gateway.bus.answer(readAnswer, () => barsOf({ after }));
    expect((await get(PATH)).status).toBe(200);
    expect(gateway.count(readAnswer)).toBe(2);
  });
});

describe('a bus that carries nothing', () => {
  async function carryNothing(): Promise<void> {
    gateway.bus.wire.carriedBy(() => undefined);
    await together(3_000);
  }

  it('a bus that carries nothing is waited for no longer: the last good answer, or 503 at once, and no owner is asked over it', async () => {
    gateway.bus.answer(readAnswer, () => barsOf());
    await get(PATH);
    gateway.app.get(NearAnswers).invalidateAll();
    gateway.bus.called.length = 0;
    gateway.bus.answer(readAnswer, withoutAnswer);
    gateway.bus.answer(listBars, () => barsOf());
    const waiting = [get(PATH), get(OTHER)];
    await waitFor(() => gateway.count(readAnswer) === 2, { timeoutMs: 5_000 });
    await carryNothing();
    for (const read of [await Promise.all(waiting), [await get(PATH), await get(OTHER)]]) {
      expect(read.map(({ status, headers }) => [status, headers.get('x-cache'), headers.get('retry-after')])).toEqual([
        [200, 'stale', null],
        [503, null, '1'],
      ]);
    }
    expect([gateway.count(readAnswer), gateway.count(listBars)]).toEqual([2, 0]);
  });

  it('a request to the owner does not wait longer for a bus that carries nothing', async () => {
    gateway.bus.silence(readAnswer);
    gateway.bus.answer(listBars, withoutAnswer);
    const waiting = get(PATH);
    await waitFor(() => gateway.count(listBars) === 1, { timeoutMs: 5_000 });
    await carryNothing();
    expect((await waiting).status).toBe(503);
  });
});
