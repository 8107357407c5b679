import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor, type StartedService } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';
import { get, postCsv, type Reply } from './requests.js';

/** What docs/a-read.md says about numbers of calls. `MEASURE=1` also prints the times of the page. */
describe('a read of bars', () => {
  let system: System;
  let second: StartedService;
  const path = (limit: number): string => `/api/v2/stocks/600519.SH/bars?timeframe=1Day&limit=${limit}`;
  const read = (limit: number, url = system.url, headers: Record<string, string> = {}): Promise<Reply> =>
    get(url, path(limit), system.adminToken, headers);

  beforeAll(async () => {
    system = await startSystem();
    second = await system.another('gateway');
    await postCsv(system.url, '/api/v2/batch/symbols', 'code,exchange,name\n600519,SSE,x\n', system.adminToken);
    const days = Array.from({ length: 400 }, (_, day) =>
      new Date(Date.UTC(2010, 0, 4 + day)).toISOString().slice(0, 10),
    );
    const open = days.filter((day) => ![0, 6].includes(new Date(day).getUTCDay()));
    const lines = open.map(
      (day, index) => `600519,SSE,${day},${100 + index},${101 + index},${99 + index},${100.5 + index},1000,100000`,
    );
    const csv = `code,exchange,date,open,high,low,close,volume,amount\n${lines.join('\n')}\n`;
    const stored = await postCsv(system.url, '/api/v2/batch/bars', csv, system.adminToken);
    const position = stored.headers.get('x-read-after') ?? '';
    await read(1, system.url, { 'x-read-after': position });
    await read(1, second.url, { 'x-read-after': position });
  }, 180_000);
  afterAll(() => system.stop(), 30_000);

  /** Sum of a counter over its label sets, in all services. */
  const counted = async (name: string, labels = ''): Promise<number> => {
    const pages = await Promise.all(
      [...Object.values(system.services), second].map(async ({ managementUrl }) =>
        (await fetch(`${managementUrl}/metrics`)).text(),
      ),
    );
    return pages
      .flatMap((page) => page.split('\n'))
      .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  const bars = 'svc.market-data.bars.list.v1';
  const toOwner = (): Promise<number> => counted('bus_call_seconds_count', `subject="${bars}"`);
  const times: string[] = [];
  const timed = async (
    title: string,
    url: string,
    first: number,
    headers: Record<string, string> = {},
  ): Promise<Reply[]> => {
    const replies: Reply[] = [];
    const tookMs: number[] = [];
    for (let limit = first; limit < first + 100; limit += 1) {
      const startedMs = performance.now();
      replies.push(await read(limit, url, headers));
      tookMs.push(performance.now() - startedMs);
    }
    const median = tookMs.sort((a, b) => a - b)[50] ?? 0;
    times.push(
      `${title}: median ${median.toFixed(2)} ms, ${replies.reduce((sum, { text }) => sum + text.length, 0) / 100} bytes`,
    );
    return replies;
  };
  const cacheOf = (replies: readonly Reply[]): string[] => [
    ...new Set(replies.map(({ headers }) => headers.get('x-cache') ?? '')),
  ];

  it('asks the owner once for each new request; L2 spares another gateway that call, and L1 spares every call', async () => {
    const before = await toOwner();
    expect(cacheOf(await timed('owner', system.url, 101))).toEqual(['miss']);
    expect((await toOwner()) - before).toBe(100);
    await waitFor(async () => (await read(200, second.url)).headers.get('x-cache') !== 'miss', { timeoutMs: 5_000 });
    expect(cacheOf(await timed('L2', second.url, 101)).filter((state) => state !== 'l1-hit')).toEqual(['l2-hit']);
    const calls = await counted('bus_call_seconds_count');
    expect(cacheOf(await timed('L1', system.url, 101))).toEqual(['l1-hit']);
    const [first] = await timed('L1 again', system.url, 101);
    expect((await toOwner()) - before).toBe(100);
    // A few calls of the services' own, such as read counts, go on beside the 200 reads.
    expect((await counted('bus_call_seconds_count')) - calls).toBeLessThan(20);
    const reply = await read(101, system.url, { 'if-none-match': first?.headers.get('etag') ?? '' });
    expect([reply.status, reply.text]).toEqual([304, '']);
    if (process.env['MEASURE'] === '1') process.stdout.write(`${times.join('\n')}\n`);
  });

  it('asks the owner once for 100 readers that come at the same time to two gateways', async () => {
    const before = await toOwner();
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) => read(299, index % 2 === 0 ? system.url : second.url)),
    );
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect((await toOwner()) - before).toBe(1);
  });

  it('a read of bars is answered from the caches while the owner is away', async () => {
    await system.services['market-data'].stop();
    const replies = await Promise.all([101, 150, 200].map((limit) => read(limit)));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});
