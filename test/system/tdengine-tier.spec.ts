import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTdengineStandIn, waitFor, type StartedService, type TdengineStandIn } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { get, postCsv, type Reply } from './requests.js';

const SOON = { timeoutMs: 30_000 };
const HISTORY = '/api/v2/stocks/600004.SH/bars?timeframe=1Day&end=2020-06-30';
const csv = (close: number): string =>
  `code,exchange,date,open,high,low,close,volume\n600004,SSE,2020-06-01,10,11,9,${String(close)},100\n`;

let standIn: TdengineStandIn;
let system: System;
let other: StartedService;
let limit = 100;

beforeAll(async () => {
  standIn = await startTdengineStandIn();
  const settings = { CACHE_L2: 'tdengine', TDENGINE_URL: standIn.url };
  system = await startSystem({ postgres: { replicas: 0 }, settings: { cache: settings } });
  other = await system.another('gateway');
  // Two instances of the cache service answer in turns; each has its own leases and both the same entries.
  await system.another('cache', settings);
  await write(10);
}, 90_000);
afterAll(async () => {
  await system.stop();
  await standIn.stop();
}, 60_000);

const write = async (close: number): Promise<void> => {
  const { status } = await postCsv(system.url, '/api/v2/batch/bars?register=true', csv(close), system.adminToken);
  expect(status).toBe(200);
};
const read = (url: string): Promise<Reply> => get(url, `${HISTORY}&limit=${String(limit)}`, system.adminToken);
const cacheOf = ({ headers }: Reply): string | null => headers.get('x-cache');

/** A new read, sent to both gateways until the second one answers it from L2. */
async function readBoth(): Promise<Reply[]> {
  let replies: Reply[] = [];
  await waitFor(async () => {
    limit += 1;
    replies = [await read(system.url), await read(system.url), await read(other.url)];
    return replies.map(cacheOf).join() === 'miss,l1-hit,l2-hit';
  }, SOON);
  return replies;
}

describe('the system with its second tier in TDengine', () => {
  it('answers the bytes of the owner from it', async () => {
    const [first, ...kept] = await readBoth();
    expect(first?.body).toMatchObject({ bars: [{ c: 10 }] });
    for (const { status, text, headers } of kept) {
      expect([status, text, headers.get('etag')]).toEqual([200, first?.text, first?.headers.get('etag')]);
    }
    const { body } = await get(system.url, '/api/v2/cache/status', system.adminToken);
    expect(JSON.stringify(body)).toContain('tdengine');
  });

  it('shows a correction at once, whichever instance has kept the old', async () => {
    await readBoth();
    for (const close of [10.1, 10.2, 10.3]) {
      await write(close);
      await waitFor(async () => (await read(system.url)).text.includes(`"c":${String(close)}`), SOON);
      for (let n = 0; n < 6; n += 1) expect((await read(other.url)).body).toMatchObject({ bars: [{ c: close }] });
    }
  });

  it('reads on without TDengine, says so by its readiness, and uses it again', async () => {
    const { cache } = system.services;
    await standIn.stop();
    await waitFor(async () => (await cache.readiness()).status === 503, SOON);
    expect(JSON.stringify((await cache.readiness()).body)).toContain('tdengine');
    for (let n = 0; n < 10; n += 1) {
      limit += 1;
      const reply = await read(other.url);
      expect([reply.status, cacheOf(reply)]).toEqual([200, 'miss']);
    }
    await standIn.start();
    await waitFor(async () => (await cache.readiness()).status === 200, SOON);
    await readBoth();
  });
});
