import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor, recordedCases } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { ask, bearer, get, postCsv, type Reply } from './requests.js';
import { fileURLToPath } from 'node:url';

let system: System;
beforeAll(async () => {
  system = await startSystem({ postgres: { replicas: 0 } });
}, 60_000);
afterAll(() => system.stop(), 30_000);

const list = async (...lines: string[]): Promise<Reply> =>
  postCsv(system.url, '/api/v2/batch/symbols', `${lines.join('\n')}\n`, system.adminToken);
const bars = (body: string, query = ''): Promise<Reply> =>
  postCsv(
    system.url,
    `/api/v2/batch/bars${query}`,
    `code,exchange,date,open,high,low,close,volume,adj_factor\n${body}\n`,
    system.adminToken,
  );
const read = (path: string, headers: Record<string, string> = {}): Promise<Reply> =>
  get(system.url, path, system.adminToken, headers);
const remove = (symbol: string): Promise<Reply> =>
  ask(system.url, `/api/v2/symbols/${symbol}`, { method: 'DELETE', headers: bearer(system.adminToken) });

describe('instruments in the running system', () => {
  it('answers closed history adjusted anew in both tiers once a list changes the kind', async () => {
    await list('code,exchange,name', '600301,SSE,a stock');
    await bars('600301,SSE,2020-06-01,10,10,10,10,100,1\n600301,SSE,2020-06-02,10,10,10,10,100,2');
    const other = await system.another('gateway');
    const path = '/api/v2/stocks/600301.SH/bars?timeframe=1Day&end=2020-06-30&adjustment=qfq';
    const closes = async (url: string): Promise<string> => {
      const { body, headers } = await get(url, path, system.adminToken);
      const { bars: shown } = body as { bars: { c: number }[] };
      return `${shown.map(({ c }) => c).join()} ${headers.get('x-cache') ?? ''}`;
    };
    await waitFor(async () => (await closes(system.url)) === '5,10 l1-hit', { timeoutMs: 10_000 });
    await waitFor(async () => (await closes(other.url)) === '5,10 l1-hit', { timeoutMs: 10_000 });
    expect(await list('code,exchange,name,kind', '600301,SSE,an index,index')).toMatchObject({ status: 200 });
    for (const { url } of [system, other]) {
      await waitFor(async () => (await closes(url)) === '10,10 l1-hit', { timeoutMs: 10_000 });
    }
  });

  it('removes an instrument without bars everywhere, and keeps one that has some', async () => {
    await list('code,exchange,name', '600302,SSE,right', '600302,SZSE,wrong', '600303,SSE,used');
    await bars('600303,SSE,2020-06-01,10,10,10,10,100,1');
    expect((await read('/api/v2/symbols/600302')).status).toBe(409);
    expect((await read('/api/v2/symbols/600302.SZ')).status).toBe(200);
    const removed = await remove('600302.SZ');
    expect([removed.status, removed.body]).toEqual([200, { symbol: '600302.SZ', removed: true }]);
    const after = { 'x-read-after': removed.headers.get('x-read-after') ?? '' };
    expect((await read('/api/v2/symbols/600302.SZ', after)).status).toBe(404);
    expect((await read('/api/v2/stocks/600302.SZ/bars', after)).status).toBe(404);
    expect((await read('/api/v2/symbols/600302', after)).body).toMatchObject({ symbol: '600302.SH' });
    expect((await remove('600302.SZ')).status).toBe(404);
    expect((await remove('600303.SH')).status).toBe(409);
  });

  it('keeps an instrument with bars as delisted, and lists without a status do not list it again', async () => {
    const statusOf = async (reply: Reply): Promise<unknown> => {
      const after = { 'x-read-after': reply.headers.get('x-read-after') ?? '' };
      return ((await read('/api/v2/symbols/600304.SH', after)).body as { status: string }).status;
    };
    await bars('600304,SSE,2020-06-01,10,10,10,10,100,1', '?register=true');
    expect(await statusOf(await list('code,exchange,name', '600304,SSE,some'))).toBe('listed');
    expect(await statusOf(await list('code,exchange,name,status', '600304,SSE,some,delisted'))).toBe('delisted');
    expect(await statusOf(await list('code,exchange,name', '600304,SSE,other'))).toBe('delisted');
  });
});

const folder = fileURLToPath(recordedCases);

(existsSync(folder) ? describe : describe.skip)('wrong codes over HTTP (recorded cases)', () => {
  const send = (kind: 'symbols' | 'bars', name: string, query = ''): Promise<Reply> =>
    postCsv(system.url, `/api/v2/batch/${kind}${query}`, readFileSync(join(folder, name)), system.adminToken);
  beforeAll(() => send('symbols', '00-instruments.csv'));

  it('answers the bare code 600519 with 200 before and after a file with the wrong exchange', async () => {
    expect((await read('/api/v2/symbols/600519')).status).toBe(200);
    const reply = await send('bars', '24-wrong-exchange.csv', '?register=true');
    expect(reply.status).toBe(422);
    expect(reply.text).toContain('SZSE has no code 600519, but SSE may have it');
    expect((await read('/api/v2/symbols/600519')).body).toMatchObject({ symbol: '600519.SH' });
    expect((await read('/api/v2/symbols/600519.SZ')).status).toBe(404);
  });

  it('stores the index line of 23-index-or-stock.csv only', async () => {
    const reply = await send('bars', '23-index-or-stock.csv');
    expect(reply).toMatchObject({ status: 207, body: { summary: { total: 4, succeeded: 1, failed: 3 } } });
  });

  it('finds the names of 26-names.csv however they are written', async () => {
    await send('symbols', '26-names.csv');
    const found = async (q: string): Promise<string[]> => {
      const { body } = await read(`/api/v2/symbols?q=${encodeURIComponent(q)}`);
      return (body as { symbols: { symbol: string }[] }).symbols.map(({ symbol }) => symbol);
    };
    expect(await found('万科A')).toEqual(['000002.SZ']);
    expect(await found('*ST')).toEqual(['600078.SH']);
    expect(await found('%')).toEqual([]);
    expect(await found('payh')).toEqual(['000001.SZ']);
    expect(await found('pingan')).toEqual(['000001.SZ', '601318.SH']);
  });
});
