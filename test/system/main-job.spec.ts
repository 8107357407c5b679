import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, type System } from '@mystocks/testing';
import { get, postCsv } from './requests.js';
import { haveRealData, realFile, rowsOf, type Row } from './real-data.js';

interface BarsAnswer {
  readonly symbol: string;
  readonly bars: readonly { t: string; o: number; h: number; l: number; c: number; v: number; amt: number | null }[];
  readonly next_page_token: string | null;
  readonly meta: Record<string, unknown>;
}
interface BatchAnswer {
  readonly summary: {
    total: number;
    succeeded: number;
    failed: number;
    inserted: number;
    updated: number;
    unchanged: number;
  };
  readonly items: readonly { index: number; line: number; status: number; error?: { code: number; message: string } }[];
}

const suffix: Readonly<Record<string, string>> = { SSE: 'SH', SZSE: 'SZ', BSE: 'BJ' };
const symbolOf = (row: Row): string =>
  `${(row['code'] ?? '').replace('IDX', '')}.${suffix[row['exchange'] ?? ''] ?? '?'}`;

const whenReal = haveRealData ? describe : describe.skip;
let system: System;
let token: string;

beforeAll(async () => {
  system = await startSystem();
  token = system.adminToken;
}, 60_000);
afterAll(async () => {
  await system.stop();
}, 30_000);

const importBars = async (csv: string, query = 'register=true'): Promise<{ status: number; answer: BatchAnswer }> => {
  const { status, body } = await postCsv(system.url, `/api/v2/batch/bars?${query}`, csv, token);
  return { status, answer: body as BatchAnswer };
};

/** Every page of a bars request. */
const barsOf = async (symbol: string, query: string): Promise<BarsAnswer['bars']> => {
  const bars = [];
  for (let page = ''; ;) {
    const { status, body, text } = await get(
      system.url,
      `/api/v2/stocks/${symbol}/bars?limit=1000&${query}${page}`,
      token,
    );
    if (status !== 200) throw new Error(`${symbol} ${status} ${text.slice(0, 300)}`);
    const answer = body as BarsAnswer;
    bars.push(...answer.bars);
    if (answer.next_page_token === null) return bars;
    page = `&page_token=${encodeURIComponent(answer.next_page_token)}`;
  }
};

whenReal('the main job on real data', () => {
  const csv = haveRealData ? realFile('cn_daily_raw_2020_2023.csv.gz') : '';
  const rows = rowsOf(csv);

  it('stores the stock list', async () => {
    const { status, body } = await postCsv(
      system.url,
      '/api/v2/batch/symbols',
      realFile('cn_stock_list_mit.csv'),
      token,
    );
    expect(status).toBe(200);
    expect((body as BatchAnswer).summary).toMatchObject({ total: 5_448, succeeded: 5_448, failed: 0, inserted: 5_448 });
  });

  it('stores all 174,525 daily bars, and a second import changes nothing', async () => {
    const first = await importBars(csv);
    expect(first.status).toBe(200);
    expect(first.answer.summary).toMatchObject({
      total: 174_525,
      succeeded: 174_525,
      failed: 0,
      inserted: 174_525,
      unchanged: 0,
    });
    const second = await importBars(csv);
    expect(second.answer.summary).toMatchObject({
      total: 174_525,
      failed: 0,
      inserted: 0,
      updated: 0,
      unchanged: 174_525,
    });
  }, 60_000);

  it('reads every line of 20 codes back equal: raw, hfq and qfq to 4 decimals', async () => {
    const codes = [...new Set(rows.map((row) => symbolOf(row)))].filter((_, index) => index % 9 === 0).slice(0, 20);
    expect(codes.length).toBe(20);
    const round = (value: number): number => Number(value.toFixed(4));
    for (const symbol of codes) {
      const lines = rows.filter((row) => symbolOf(row) === symbol);
      const last = Number(lines.at(-1)?.['adj_factor']);
      const [raw, hfq, qfq] = await Promise.all(
        ['raw', 'hfq', 'qfq'].map((adjustment) => barsOf(symbol, `adjustment=${adjustment}`)),
      );
      expect(raw?.map(({ t, o, h, l, c, v, amt }) => [t.slice(0, 10), o, h, l, c, v, amt])).toEqual(
        lines.map((row) => [
          row['date'],
          ...['open', 'high', 'low', 'close', 'volume', 'amount'].map((name) => Number(row[name])),
        ]),
      );
      lines.forEach((row, index) => {
        const factor = Number(row['adj_factor']);
        const prices = ['open', 'high', 'low', 'close'].map((name) => Number(row[name]));
        const shown = (bar: BarsAnswer['bars'][number] | undefined): (number | undefined)[] => [
          bar?.o,
          bar?.h,
          bar?.l,
          bar?.c,
        ];
        prices.forEach((price, at) => {
          // A product that ends in …5 rounds by its exact decimals in PostgreSQL and by its double here: half a unit apart.
          expect(Math.abs((shown(hfq?.[index])[at] ?? NaN) - round(price * factor))).toBeLessThan(0.000_11);
          expect(Math.abs((shown(qfq?.[index])[at] ?? NaN) - round((price * factor) / last))).toBeLessThan(0.000_11);
        });
      });
    }
  }, 120_000);

  it('aggregates one-minute bars by session: 240 a day, four hours, none across lunch, volume conserved', async () => {
    const minutes = realFile('cn_min1_raw_hqchart_2024.csv.gz');
    const { answer } = await importBars(minutes, 'register=true&timeframe=1Min');
    expect(answer.summary.total).toBe(96_480);
    const day = '2024-09-18';
    const ones = await barsOf('600000.SH', `timeframe=1Min&start=${day}&end=${day}`);
    const hours = await barsOf('600000.SH', `timeframe=60Min&start=${day}&end=${day}`);
    expect(ones.length).toBe(240);
    expect(hours.map(({ t }) => t.slice(11, 16))).toEqual(['10:30', '11:30', '14:00', '15:00']);
    const sum = (bars: BarsAnswer['bars']): number => bars.reduce((total, { v }) => total + v, 0);
    expect(sum(hours)).toBe(sum(ones));
    const all = rowsOf(minutes).filter((row) => row['code'] === '600000' && row['date'] === day);
    expect(sum(ones)).toBe(all.reduce((total, row) => total + Number(row['volume']), 0));
  }, 60_000);

  it('refuses every genuine bad line with its number and a reason, and stores the others, suspended days too', async () => {
    const bad = realFile('cn_daily_defects_real.csv');
    const good =
      '600519,SSE,2019-03-27,788.00,797.00,786.00,793.00,2500000,1980000000.00,1,test,\n600519,SSE,2019-03-28,793.00,799.00,790.00,795.00,2400000,1900000000.00,1,test,\n';
    const [header = '', ...lines] = bad.trimEnd().split('\n');
    const [before, after] = good.trimEnd().split('\n');
    const isSuspended = (line: string): boolean => line.split(',')[9] === '0';
    const days = lines.filter(isSuspended).length;
    const { status, answer } = await importBars([header, before, ...lines, after, ''].join('\n'));
    expect(status).toBe(207);
    expect(answer.summary).toMatchObject({
      total: lines.length + 2,
      succeeded: 2 + days,
      failed: lines.length - days,
    });
    const refused = answer.items.filter((item) => item.status >= 400);
    expect(refused.map(({ line }) => line)).toEqual(
      lines.flatMap((line, index) => (isSuspended(line) ? [] : [index + 3])),
    );
    for (const item of refused) expect(item.error?.message ?? '').toMatch(/\w{3,}/);
    expect((await barsOf('600519.SH', 'start=2019-03-27&end=2019-03-28')).length).toBe(2);
  });
});

describe('what a client sees on the way', () => {
  const path = '/api/v2/stocks/600001.SH/bars?start=2020-01-01&end=2020-12-31';

  it('answers from the first tier the second time, with 304 for the same tag, and sees a write at once', async () => {
    const line = (close: string): string =>
      `code,exchange,date,open,high,low,close,volume\n600001,SSE,2020-06-01,10,11,9,${close},100\n`;
    await importBars(line('10.10'));
    const first = await get(system.url, path, token);
    expect([first.status, first.headers.get('x-cache')]).toEqual([200, 'miss']);
    expect(first.text).toContain('"c":10.1');
    const second = await get(system.url, path, token);
    expect([second.headers.get('x-cache'), second.text]).toEqual(['l1-hit', first.text]);
    const etag = first.headers.get('etag') ?? '';
    expect((await get(system.url, path, token, { 'if-none-match': etag })).status).toBe(304);
    const written = await postCsv(system.url, '/api/v2/batch/bars', line('10.20'), token);
    const lsn = written.headers.get('x-read-after') ?? '';
    expect(lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    const third = await get(system.url, path, token, { 'x-read-after': lsn });
    expect(third.text).toContain('"c":10.2');
  });

  it('carries one request id through the logs of every service it met', async () => {
    const id = `trace-${Date.now()}`;
    const answer = await get(system.url, `${path}&limit=17`, token, { 'x-request-id': id });
    expect(answer.headers.get('x-request-id')).toBe(id);
    const seen = (name: keyof System['services']): boolean => system.services[name].output().includes(id);
    const { waitFor } = await import('@mystocks/testing');
    await waitFor(() => Promise.resolve(seen('gateway') && seen('cache') && seen('market-data')), { timeoutMs: 5_000 });
  });

  it('shows the metrics of the surface on every management port', async () => {
    for (const service of Object.values(system.services)) {
      expect((await get(service.managementUrl, '/metrics')).text).toContain('process_cpu_seconds_total');
    }
    const gateway = (await get(system.services.gateway.managementUrl, '/metrics')).text;
    for (const name of [
      'api_requests_total',
      'request_latency_seconds_bucket',
      'cache_hits_total',
      'bus_call_seconds_count',
    ]) {
      expect(gateway).toContain(name);
    }
    expect(gateway).not.toMatch(/="[^"]*600001/);
  });
});
