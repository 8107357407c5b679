import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { get, postCsv, type Reply } from './requests.js';

const HISTORY = '/api/v2/stocks/600004.SH/bars?timeframe=1Day&end=2020-06-30';
const KEPT_A_DAY = 'private, max-age=86400, immutable';
const csv = (close: number): string =>
  `code,exchange,date,open,high,low,close,volume\n600004,SSE,2020-06-01,10,11,9,${close},100\n`;

let system: System;
beforeAll(async () => {
  system = await startSystem({ postgres: { replicas: 0 } });
}, 60_000);
afterAll(() => system.stop(), 30_000);

const write = async (close: number): Promise<void> => {
  const { status } = await postCsv(system.url, '/api/v2/batch/bars?register=true', csv(close), system.adminToken);
  expect(status).toBe(200);
};
/** `limit` makes it another question with the same answer. */
const read = (url: string, limit: number, headers: Record<string, string> = {}): Promise<Reply> =>
  get(url, `${HISTORY}&limit=${limit}`, system.adminToken, headers);
const cacheOf = ({ headers }: Reply): string | null => headers.get('x-cache');

describe('closed history in the running system', () => {
  beforeAll(() => write(10));

  it('closed history in the running system is immutable for clients, and each tier says the same of it', async () => {
    const other = await system.another('gateway');
    let limit = 100;
    // For a moment after a start the second tier keeps nothing.
    const replies = await waitFor<Reply[] | undefined>(
      async () => {
        limit += 1;
        const reads = [await read(system.url, limit), await read(system.url, limit), await read(other.url, limit)];
        return reads.map(cacheOf).join() === 'miss,l1-hit,l2-hit' ? reads : undefined;
      },
      { timeoutMs: 10_000 },
    );
    const etag = replies?.[0]?.headers.get('etag') ?? '';
    for (const { status, headers, body } of replies ?? []) {
      expect([status, headers.get('etag')]).toEqual([200, etag]);
      expect([headers.get('cache-control'), headers.get('x-data-quality')]).toEqual([KEPT_A_DAY, 'eod']);
      expect(body).toMatchObject({ bars: [{ c: 10 }], meta: { quality: 'eod' } });
    }
    const again = await read(other.url, limit, { 'if-none-match': etag });
    expect([again.status, again.headers.get('cache-control'), again.text]).toEqual([304, KEPT_A_DAY, '']);
  });

  it('shows a correction at once, however long it might have been kept', async () => {
    const etag = (await read(system.url, 1)).headers.get('etag');
    await write(10.5);
    await waitFor(async () => (await read(system.url, 1)).headers.get('etag') !== etag, { timeoutMs: 10_000 });
    const corrected = await read(system.url, 1);
    expect(corrected.body).toMatchObject({ bars: [{ c: 10.5 }] });
    expect(corrected.headers.get('cache-control')).toBe(KEPT_A_DAY);
  });
});
