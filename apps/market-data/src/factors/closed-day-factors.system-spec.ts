import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { IngestBarsRequest, IngestReport } from '@mystocks/contracts';
import { barsReader, type BarsReader } from '../../test/bars-reader.js';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import { timeseriesStores } from '../../test/timeseries-stores.js';

const HEADER = 'code,exchange,date,open,high,low,close,volume,pre_close,adj_factor';
const SYMBOL = '600519.SH';
const [FRIDAY, SATURDAY, SUNDAY, MONDAY] = ['2024-06-14', '2024-06-15', '2024-06-16', '2024-06-17'] as const;
const line = (day: string, price: number, factor: number | string = '', pre: number | string = ''): string =>
  `600519,SSE,${day},${price},${price},${price},${price},100,${pre},${factor}`;
const kept = (count: number, lines: readonly number[], first: string): object => ({
  kind: 'closed_day_factor',
  count,
  lines,
  message: `the bars are refused, because the market was closed, but their adj_factor is kept and counts from the next trading day on: ${first}`,
});

describe.each(timeseriesStores)('the factor of a bar on a closed day in $name', (store) => {
  let ingest: Ingest;
  let reader: BarsReader;

  beforeAll(async () => {
    ingest = await openIngest(store);
    reader = barsReader(ingest);
  }, 60_000);
  afterAll(() => ingest.stop());
  beforeEach(async () => {
    await ingest.pool.write((client) => client.query('DELETE FROM market_data.factors'));
    await ingest.empty();
  });

  const send = (lines: readonly string[], more: Partial<IngestBarsRequest> = {}): Promise<IngestReport> =>
    ingest.bars.ingest(request(HEADER, lines.join('\n'), more));
  const adjusted = async (): Promise<number[]> =>
    (await reader.page({ symbol: SYMBOL, adjustment: 'hfq' })).bars.map(({ c }) => c);
  const factors = (): Promise<Record<string, unknown>[]> =>
    ingest.rows(`SELECT ex_date::text AS day, factor::text FROM market_data.factors ORDER BY ex_date`);

  it('the factor of a bar on a closed day in $name is kept and counts from the next trading day on, while its line stays refused', async () => {
    const report = await send([line(SATURDAY, 10, 2), line(MONDAY, 10), line('2024-06-18', 10)]);
    expect(report).toMatchObject({
      ...{ total: 3, inserted: 2, failed: 1 },
      items: [{ line: 2, status: 422, message: `${SATURDAY} is not a trading day of SSE` }],
    });
    expect(report.warnings).toEqual([kept(1, [2], `that of line 2 (${SATURDAY}) from ${MONDAY} on`)]);
    expect(await adjusted()).toEqual([20, 20]);
    const { lsn } = report;
    expect(ingest.bus.published.filter(({ subject }) => subject.includes('factors.changed'))).toMatchObject([
      { payload: { symbol: SYMBOL, lsn } },
    ]);
  });

  it('the factor of a bar on a closed day in $name is kept from a block without another line, and changes nothing the second time', async () => {
    await send([line(MONDAY, 10)]);
    ingest.bus.published.length = 0;
    const alone = [line(SUNDAY, 10, 2)];
    expect(await send(alone)).toMatchObject({ total: 1, inserted: 0, failed: 1, warnings: [{ count: 1 }] });
    expect(await adjusted()).toEqual([20]);
    expect(ingest.bus.published).toHaveLength(1);
    await send(alone);
    expect(ingest.bus.published).toHaveLength(1);
  });

  it('gives way to the factor of the next trading day, and to a later line about its day', async () => {
    await send([line(SATURDAY, 10, 2), line(SATURDAY, 10, 3), line(MONDAY, 10), line('2024-06-18', 10, 4)]);
    expect(await factors()).toEqual([{ day: SATURDAY, factor: '3' }]);
    expect(await adjusted()).toEqual([30, 40]);
    await send([line(MONDAY, 10, 5)]);
    expect(await adjusted()).toEqual([50, 40]);
  });

  it('explains no ex-day behind it while it is the factor before', async () => {
    const days = [line(FRIDAY, 10, 1), line(SATURDAY, 10, 1), line(SUNDAY, 10, 1), line(MONDAY, 5, '', 5)];
    expect(await send(days)).toMatchObject({
      failed: 2,
      warnings: [kept(2, [3, 4], `that of line 3 (${SATURDAY}) from ${MONDAY} on`)],
    });
    await expect(adjusted()).rejects.toThrow(`is known for ${MONDAY}`);
    await send([line(SUNDAY, 10, 2)]);
    expect(await adjusted()).toEqual([10, 10]);
  });

  it.each([
    ['high is below low', `600519,SSE,${SATURDAY},10,9,10,10,100,,2`],
    ['its factor is 0', line(SATURDAY, 10, 0)],
    ['it has no factor', line(SATURDAY, 10)],
    ['its day is in the future', line('2099-06-13', 10, 2)],
    ['it is a bar of a minute', `${line(SATURDAY, 10, 2)},10:00,1Min`],
    ['prices of its instrument are never adjusted', line(SATURDAY, 10, 2).replace('600519', 'IDX000300')],
  ])('the factor of a bar on a closed day in $name is not kept where %s', async (_reason, refused) => {
    const full = `${HEADER},time,timeframe`;
    const rows = [line(MONDAY, 10), line(MONDAY, 10).replace('600519', 'IDX000300'), refused];
    const body = rows.map((row) => (row.split(',').length > 10 ? row : `${row},,`)).join('\n');
    const report = await ingest.bars.ingest(request(full, body));
    expect(report).toMatchObject({ failed: 1, items: [{ line: 4 }] });
    expect(report.warnings).toBeUndefined();
    expect(await factors()).toEqual([]);
  });

  it('the factor of a bar on a closed day in $name is neither kept nor reported where one refused line keeps all others out', async () => {
    const report = await send([line(SATURDAY, 10, 2), line(MONDAY, 10)], { on_error: 'abort' });
    expect(report).toMatchObject({ inserted: 0, failed: 2 });
    expect(report.warnings).toBeUndefined();
    expect(await factors()).toEqual([]);
  });

  it('the factor of a bar on a closed day in $name is reported, and not kept, by a dry run', async () => {
    const block = request(HEADER, [line(SATURDAY, 10, 2), line(MONDAY, 10)].join('\n'));
    expect(await ingest.bars.check(block)).toMatchObject({ failed: 1, warnings: [{ kind: 'closed_day_factor' }] });
    expect(await factors()).toEqual([]);
  });

  it('the factor of a bar on a closed day in $name is kept from daily bars of tushare too', async () => {
    const header = 'ts_code,trade_date,open,high,low,close,pre_close,vol,amount,adj_factor';
    const row = (day: string, factor: string): string => `600519.SH,${day},10,10,10,10,10,1,1,${factor}`;
    const body = [row('20240615', '2.0000000000'), row('20240617', '')].join('\n');
    expect(await ingest.bars.ingest(request(header, body))).toMatchObject({
      ...{ inserted: 1, failed: 1, dialect: 'tushare' },
      warnings: [kept(1, [2], `that of line 2 (${SATURDAY}) from ${MONDAY} on`)],
    });
    expect(await adjusted()).toEqual([20]);
  });

  it('counts like one that a list gives, whose ex-dates may be closed days and lie before the first bar', async () => {
    await send([line(FRIDAY, 10), line(MONDAY, 5, '', 5)]);
    const list = `600519,SSE,1900-01-01,1\n600519,SSE,${SATURDAY},2\n`;
    const report = await ingest.factors.ingest(request('code,exchange,ex_date,factor', list, { load: 'akshare' }));
    expect(report).toMatchObject({ inserted: 2, failed: 0 });
    expect(await adjusted()).toEqual([10, 10]);
  });
});
