import { tradingDays } from '@mystocks/calendar';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { barsReader, type BarsReader } from '../../test/bars-reader.js';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';
import { readBarBlock } from './bar-block.js';

const HEADER = 'code,exchange,date,open,high,low,close,volume,amount,adj_factor';
const line = (day: string, close = '10.20', factor = '1.500000'): string =>
  `600519,SSE,${day},10,11,9.5,${close},100,1010.5,${factor}`;

/** Blocks of bars, stored and merged; what is stored is read back. */
export function itTakesBars(store: TimeseriesStore): void {
  describe(`a block of bars in ${store.name}`, () => {
    let room: Ingest;
    let reader: BarsReader;
    const closes = async (): Promise<number[]> => (await reader.page({ symbol: '600519.SH' })).bars.map(({ c }) => c);

    beforeAll(async () => {
      room = await openIngest(store);
      reader = barsReader(room);
      await room.bars.ingest(request(HEADER, line('2024-06-14')));
    }, 60_000);
    afterAll(() => room.stop());
    beforeEach(() => room.empty());

    it(`a block of bars in ${store.name} is stored, told once a symbol, and changes nothing the second time`, async () => {
      const block = request(HEADER, [line('2024-06-14'), line('2024-06-13'), line('2024-06-17')].join('\n'));
      const first = await room.bars.ingest(block);
      expect(first).toMatchObject({
        total: 3,
        inserted: 3,
        updated: 0,
        unchanged: 0,
        failed: 0,
        lsn: expect.stringContaining('/'),
      });
      expect(room.changes()).toEqual([
        expect.objectContaining({
          symbol: '600519.SH',
          timeframe: '1Day',
          from: '2024-06-13',
          to: '2024-06-17',
          bar: { t: '2024-06-17T00:00:00+08:00', o: 10, h: 11, l: 9.5, c: 10.2, v: 100, amt: 1010.5 },
          lsn: first.lsn,
        }),
      ]);
      expect(await room.bars.ingest(block)).toMatchObject({ inserted: 0, updated: 0, unchanged: 3 });
      expect(room.changes()).toHaveLength(1);
    });

    it('inserts, changes and leaves alone in one go, and tells which line did what', async () => {
      await room.bars.ingest(request(HEADER, [line('2024-06-13'), line('2024-06-14')].join('\n')));
      const body = [line('2024-06-13'), line('2024-06-14', '10.30'), line('2024-06-17'), line('2024-06-31')].join('\n');
      const report = await room.bars.ingest(request(HEADER, body, { want_items: true }));
      expect(report).toMatchObject({ total: 4, inserted: 1, updated: 1, unchanged: 1, failed: 1 });
      expect(report.items.map(({ line: at, status, id }) => [at, status, id])).toEqual([
        [2, 200, '600519.SH 1Day 2024-06-13'],
        [3, 200, '600519.SH 1Day 2024-06-14'],
        [4, 201, '600519.SH 1Day 2024-06-17'],
        [5, 400, '600519 SSE 2024-06-31'],
      ]);
      expect(room.changes().at(-1)).toMatchObject({ from: '2024-06-14', to: '2024-06-17' });
    });

    it('keeps a factor that a later file does not have', async () => {
      await room.bars.ingest(request(HEADER, line('2024-06-14')));
      const later = request(
        'code,exchange,date,open,high,low,close,volume',
        '600519,SSE,2024-06-14,10,11,9.5,10.4,100',
      );
      expect(await room.bars.ingest(later)).toMatchObject({ updated: 1 });
      const [bar] = (await reader.page({ symbol: '600519.SH', adjustment: 'hfq' })).bars;
      expect(bar).toMatchObject({ c: 15.6, amt: 1010.5 });
    });

    it('takes the last of several lines about one bar, also where something stood', async () => {
      const body = [line('2024-06-14', '10.1'), line('2024-06-14', '10.2')].join('\n');
      const first = await room.bars.ingest(request(HEADER, body));
      expect(first).toMatchObject({ total: 2, inserted: 1, unchanged: 1 });
      expect(first.superseded).toEqual({ count: 1, lines: [{ line: 2, by: 3 }] });
      const again = [line('2024-06-14', '10.5'), line('2024-06-14', '10.6')].join('\n');
      expect(await room.bars.ingest(request(HEADER, again))).toMatchObject({ total: 2, updated: 1, unchanged: 1 });
      expect(await closes()).toEqual([10.6]);
    });

    it('stores nothing when one line is wrong and that is to abort', async () => {
      const body = [line('2024-06-14'), line('2024-06-31')].join('\n');
      const report = await room.bars.ingest(request(HEADER, body, { on_error: 'abort', want_items: true }));
      expect(report).toMatchObject({ total: 2, inserted: 0, failed: 2 });
      expect(report.items.map(({ status }) => status)).toEqual([424, 400]);
      expect(report.lsn).toBeUndefined();
      expect(await closes()).toEqual([]);
    });

    it('refuses unknown instruments unless they are to be registered', async () => {
      const body = line('2024-06-14').replace('600519', '688999');
      expect(await room.bars.ingest(request(HEADER, body, { register: false }))).toMatchObject({
        failed: 1,
        items: [{ status: 404, code: 2101 }],
      });
      expect(await room.bars.ingest(request(HEADER, body))).toMatchObject({ inserted: 1, registered: ['688999.SH'] });
    });

    it(`a block of bars in ${store.name} is told as new again when its transaction failed after the rows were stored`, async () => {
      await room.bars.ingest(request(HEADER, line('2024-06-14')));
      const block = request(HEADER, [line('2024-06-14', '10.30'), line('2024-06-17')].join('\n'));
      const failing = room.transactions.run(async (transaction) => {
        const { daily, minute } = readBarBlock(block, { ids: await room.directory.all(), nowMs: Date.now() });
        await room.store.barsIngest.store(transaction, daily, minute);
        throw new Error('the power is gone');
      });
      await expect(failing).rejects.toThrow('the power is gone');
      expect(await room.bars.ingest(block)).toMatchObject({ inserted: 1, updated: 1, unchanged: 0 });
      expect(room.changes().at(-1)).toMatchObject({ from: '2024-06-14', to: '2024-06-17' });
      expect(await room.bars.ingest(block)).toMatchObject({ inserted: 0, updated: 0, unchanged: 2 });
      expect(await closes()).toEqual([10.3, 10.2]);
    });

    it('keeps every amount and factor of 15 digits, and refuses a longer one by its line', async () => {
      const given = (day: string, amount: string, factor: string): string =>
        `600519,SSE,${day},9999999.999999,9999999.999999,0.000001,0.000001,999999999999999,${amount},${factor}`;
      const body = [
        given('2024-06-11', '999999999.999999', '99999.9999999999'),
        given('2024-06-12', '999999999999999', '0.0000000001'),
        given('2024-06-13', '123456789012345.000000', '1.5000000000'),
        given('2024-06-14', '1234567890.123456', '1'),
        given('2024-06-17', '1', '123456.7890123456'),
      ].join('\n');
      const report = await room.bars.ingest(request(HEADER, body));
      expect(report).toMatchObject({ inserted: 3, failed: 2 });
      expect(report.items.map(({ line: at, message }) => [at, message])).toEqual([
        [5, expect.stringContaining('amount')],
        [6, expect.stringContaining('adj_factor')],
      ]);
      const { bars } = await reader.page({ symbol: '600519.SH' });
      expect(bars.map(({ o, l, v, amt }) => [o, l, v, amt])).toEqual(
        [999999999.999999, 999999999999999, 123456789012345].map((amt) => [
          9999999.999999,
          0.000001,
          999999999999999,
          amt,
        ]),
      );
      const text = (await reader.answer({ symbol: '600519.SH', adjustment: 'hfq' })).body.toString();
      expect([...text.matchAll(/"o":([\d.]+)/g)].map(([, price]) => price)).toEqual([
        '999999999999.899',
        '0.001',
        '15000000',
      ]);
    });

    it('loses no value when files that have it and files that have it not come at the same time', async () => {
      const days = tradingDays('2024-03-01', '2024-04-30').slice(0, 20);
      const short = (day: string): string => line(day).split(',').slice(0, 8).join(',');
      const whole = request(HEADER, days.map((day) => line(day)).join('\n'));
      const without = request(HEADER.split(',').slice(0, 8).join(','), days.map(short).join('\n'));
      await Promise.all([whole, without, whole, without, without, whole].map((block) => room.bars.ingest(block)));
      const { bars } = await reader.page({ symbol: '600519.SH', adjustment: 'hfq' });
      expect(bars.map(({ c, amt }) => [c, amt])).toEqual(days.map(() => [15.3, 1010.5]));
    });

    it('stores each bar once when the same block comes many times at once', async () => {
      const body = tradingDays('2024-02-01', '2024-04-30')
        .slice(0, 28)
        .map((day) => line(day))
        .join('\n');
      const reports = await Promise.all(Array.from({ length: 6 }, () => room.bars.ingest(request(HEADER, body))));
      expect(reports.every(({ failed }) => failed === 0)).toBe(true);
      expect(await closes()).toHaveLength(28);
    });
  });
}
