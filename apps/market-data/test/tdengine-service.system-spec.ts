import { chinaDay, previousTradingDay } from '@mystocks/calendar';
import type { Bus } from '@mystocks/bus';
import {
  barsChanged,
  ingestBars,
  latestQuotes,
  listBars,
  quoteChanged,
  recordQuotes,
  snapshots,
  type BarsChanged,
  type IngestReport,
  type Quote,
  type QuoteChanged,
} from '@mystocks/contracts';
import { signToken, waitFor } from '@mystocks/testing';
import { requestIdFrom, traceparentFrom, withContext } from '@mystocks/telemetry';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileOf, hasData, request } from './open-ingest.js';
import { runProgram, startOnTdengine, type TdengineSystem } from './tdengine-service.js';

const MONTH = '2023-11';
const SOON = { timeoutMs: 20_000 };

let system: TdengineSystem;
const told: (BarsChanged | QuoteChanged)[] = [];

beforeAll(async () => {
  system = await startOnTdengine();
  system.bus.subscribe(barsChanged, (event) => void told.push(event));
  system.bus.subscribe(quoteChanged, (event) => void told.push(event));
}, 120_000);
afterAll(() => system.stop(), 60_000);

const lastMonth = (): { header: string; lines: string[] } => {
  const { header, lines } = fileOf('cn_daily_raw_2020_2023.csv.gz');
  return { header, lines: lines.filter((line) => line.split(',')[2]?.startsWith(MONTH)) };
};
const call: Bus['call'] = (one, question) => {
  const context = { requestId: requestIdFrom('spec'), traceparent: traceparentFrom(undefined) };
  return withContext({ ...context, token: signToken(['admin', 'feed']) }, () => system.bus.call(one, question));
};
const ingest = (header: string, lines: readonly string[]): Promise<IngestReport> =>
  call(ingestBars, request(header, lines.join('\n')));
const record = (...quotes: Quote[]): Promise<IngestReport> => call(recordQuotes, { quotes });
const json = (answer: { readonly body: Buffer }): unknown => JSON.parse(answer.body.toString());
const ask = { timeframe: '1Day', adjustment: 'raw', limit: 1_000, sort: 'asc' } as const;

(hasData ? describe : describe.skip)('market-data with TIMESERIES_STORE=tdengine', () => {
  it('imports real bars, tells them, and answers each as its line says', async () => {
    const { header, lines } = lastMonth();
    const report = await ingest(header, lines);
    expect(report).toMatchObject({ total: lines.length, inserted: lines.length, failed: 0 });
    expect(report.lsn).toContain('/');
    expect(await ingest(header, lines)).toMatchObject({ inserted: 0, updated: 0, unchanged: lines.length });
    const [code = '', exchange = ''] = lines[0]?.split(',') ?? [];
    const symbol = `${code}.${exchange === 'SSE' ? 'SH' : 'SZ'}`;
    await waitFor(() => told.some((event) => 'symbol' in event && event.symbol === symbol), SOON);
    const own = lines.map((line) => line.split(',')).filter((cells) => cells[0] === code);
    const read = json(await call(listBars, { ...ask, symbol })) as { bars: { t: string; c: number }[] };
    expect(read.bars.map(({ t, c }) => [t.slice(0, 10), c])).toEqual(own.map((cells) => [cells[2], Number(cells[6])]));
    const weeks = await call(listBars, { ...ask, symbol, timeframe: '1Week', adjustment: 'qfq' });
    expect((json(weeks) as { bars: unknown[] }).bars).toHaveLength(5);
  });

  it('records quotes and answers them with the newest days', async () => {
    const symbol = '600519.SH';
    await ingest('code,exchange,date,open,high,low,close,volume', [
      `600519,SSE,${MONTH}-29,10,11,9,10.5,7`,
      `600519,SSE,${MONTH}-30,10,11,9,10.20,8`,
    ]);
    const t = `${previousTradingDay(chinaDay(Date.now())) ?? ''}T09:59:00+08:00`;
    const quote = { symbol, t, last: 10.25, bids: [{ p: 10.24, s: 300 }] };
    expect(await record(quote, quote)).toMatchObject({ inserted: 1, unchanged: 1 });
    await waitFor(() => told.some((event) => 'quote' in event && event.seq === 1), SOON);
    const latest = json(await call(latestQuotes, { symbols: [symbol] }));
    expect(latest).toMatchObject({ quotes: { [symbol]: { last: 10.25, bids: [{ p: 10.24, s: 300 }], seq: 1 } } });
    const shot = json(await call(snapshots, { symbols: [symbol] }));
    expect(shot).toMatchObject({
      snapshots: { [symbol]: { latest_quote: { seq: 1 }, daily_bar: { c: 10.2 }, prev_daily_bar: { c: 10.5 } } },
    });
  });

  it('stores nothing and tells nothing while TDengine is away, says which part is missing, and heals', async () => {
    const before = told.length;
    const lines = ['600519,SSE,2010-01-04,10,11,9,10.1,9'];
    const header = 'code,exchange,date,open,high,low,close,volume';
    await system.standIn.stop();
    await expect(ingest(header, lines)).rejects.toMatchObject({ code: 'unavailable' });
    const quote = {
      symbol: '600519.SH',
      t: `${previousTradingDay(chinaDay(Date.now())) ?? ''}T10:00:00+08:00`,
      last: 10.3,
    };
    await expect(record(quote)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(call(listBars, { ...ask, symbol: '600519.SH' })).rejects.toMatchObject({
      code: 'unavailable',
    });
    await waitFor(async () => (await system.service.readiness()).status === 503, SOON);
    expect(JSON.stringify((await system.service.readiness()).body)).toContain('tdengine');
    expect(told).toHaveLength(before);
    await system.standIn.start();
    await waitFor(async () => (await system.service.readiness()).status === 200, SOON);
    expect(await ingest(header, lines)).toMatchObject({ inserted: 1 });
    expect(await record(quote)).toMatchObject({ inserted: 1 });
  });
});

describe('TIMESERIES_STORE', () => {
  it('ends the process with the name of what is missing or wrong', async () => {
    const env = {
      NATS_URL: 'nats://127.0.0.1:1',
      MANAGEMENT_PORT: '0',
      PG_PRIMARY_URL: 'postgres://u:p@127.0.0.1:1/d',
    };
    for (const [more, named] of [
      [{ TIMESERIES_STORE: 'tdengine' }, 'TDENGINE_URL'],
      [{ TIMESERIES_STORE: 'influx' }, 'TIMESERIES_STORE'],
    ] as const) {
      const { code, said } = await runProgram('market-data/dist/main.js', { ...env, ...more });
      expect(code).toBe(78);
      expect(said).toContain(named);
    }
    for (const url of ['tdengine://root:secret-word@somewhere', 'secret-word', 'http://secret-word:6041']) {
      const more = { TIMESERIES_STORE: 'tdengine', TDENGINE_URL: url };
      const { code, said } = await runProgram('market-data/dist/main.js', { ...env, ...more });
      expect(code).toBe(78);
      expect(said).toContain('bad or missing settings:\n  TDENGINE_URL must be ');
      expect(said).not.toContain('secret-word');
    }
  }, 60_000);
});
