import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { barsReader, type BarsReader } from '../../test/bars-reader.js';
import { caseLines, hasCases, openIngest, request, type Ingest } from '../../test/open-ingest.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

const HEADER = 'code,exchange,date,open,high,low,close,volume,amount,pre_close,trade_status';

/** Days without trade, stored and read from a store. */
export function itKeepsSuspendedDays(store: TimeseriesStore): void {
  describe(`suspended days in ${store.name}`, () => {
    let ingest: Ingest;
    let reader: BarsReader;
    const load = (...lines: string[]) => ingest.bars.ingest(request(HEADER, lines.join('\n')));
    const flat = (day: string, volume: number | '', status: 0 | 1 | ''): string =>
      `600519,SSE,${day},10,10,10,10,${volume},,10,${status}`;
    const traded = (day: string, prices = '12,12.5,11.8,12.2'): string => `600519,SSE,${day},${prices},100,1200,10,1`;

    beforeAll(async () => {
      ingest = await openIngest(store);
      reader = barsReader(ingest);
    }, 60_000);
    afterAll(() => ingest.stop());
    beforeEach(() => ingest.empty());

    it(`suspended days in ${store.name} are flagged in daily bars, in the snapshot and in the event, and no other day is`, async () => {
      await load(
        flat('2024-07-15', '', 0),
        flat('2024-07-16', 0, 1),
        flat('2024-07-17', 0, ''),
        traded('2024-07-18'),
        flat('2024-07-19', 5, 1),
      );
      const { bars } = await reader.page({ symbol: '600519.SH' });
      expect(bars.map(({ v, suspended }) => [v, suspended])).toEqual([
        [0, true],
        [0, true],
        [0, true],
        [100, undefined],
        [5, undefined],
      ]);
      await load(flat('2024-07-22', '', 0));
      expect(ingest.changes().map(({ bar }) => bar.suspended)).toEqual([undefined, true]);
      const id = (await ingest.directory.resolve('600519.SH')).id;
      const [snapshot] = await ingest.store.quotes.snapshots([id]);
      const days = (snapshot?.bars ?? []).map((bar) => JSON.parse(bar) as { suspended?: boolean });
      expect(days.map(({ suspended }) => suspended)).toEqual([true, undefined]);
    });

    it(`suspended days in ${store.name} may come without a volume only where trade_status is 0 and the bar is that of a day`, async () => {
      const report = await load(flat('2024-07-18', '', 1), flat('2024-07-19', '', ''));
      expect(report).toMatchObject({ inserted: 0, failed: 2 });
      expect(report.items.map(({ message }) => message)).toEqual(['volume is empty', 'volume is empty']);
      const minute = '600519,SSE,2024-07-18,10,10,10,10,,,10,0,10:00';
      expect(await ingest.bars.ingest(request(`${HEADER},time`, minute, { timeframe: '1Min' }))).toMatchObject({
        failed: 1,
      });
    });

    it(`suspended days in ${store.name} have no part in the prices of their week and month`, async () => {
      await load(
        flat('2024-07-15', '', 0),
        traded('2024-07-16'),
        traded('2024-07-17', '12.2,12.6,12,12.4'),
        flat('2024-07-18', 0, 0),
      );
      for (const timeframe of ['1Week', '1Month'] as const) {
        expect((await reader.page({ symbol: '600519.SH', timeframe })).bars).toEqual([
          { t: '2024-07-18T00:00:00+08:00', o: 12, h: 12.6, l: 11.8, c: 12.4, v: 200, amt: null },
        ]);
      }
    });

    it(`suspended days in ${store.name} make a suspended week where no other day is in it`, async () => {
      await load(flat('2024-07-15', '', 0), flat('2024-07-16', 0, 0), traded('2024-07-22'));
      const { bars } = await reader.page({ symbol: '600519.SH', timeframe: '1Week' });
      expect(bars).toEqual([
        { t: '2024-07-16T00:00:00+08:00', o: 10, h: 10, l: 10, c: 10, v: 0, amt: null, suspended: true },
        { t: '2024-07-22T00:00:00+08:00', o: 12, h: 12.5, l: 11.8, c: 12.2, v: 100, amt: 1200 },
      ]);
    });

    (hasCases ? it : it.skip)(
      'of the cases are read as they say (skipped where the recorded cases are not there)',
      async () => {
        const report = await ingest.bars.ingest(request(...caseLines('14-suspended.csv')));
        expect(report).toMatchObject({ total: 3, inserted: 2, failed: 1, items: [{ line: 4 }] });
        const { bars } = await reader.page({ symbol: '600519.SH' });
        expect(bars.map(({ t, v, suspended }) => [t.slice(0, 10), v, suspended])).toEqual([
          ['2024-07-18', 0, true],
          ['2024-07-19', 0, true],
        ]);
        await ingest.bars.ingest(request(...caseLines('suspended_week.csv')));
        const week = await reader.page({ symbol: '609301.SH', timeframe: '1Week' });
        expect(week.bars).toEqual([
          { t: '2021-05-12T00:00:00+08:00', o: 12, h: 12.6, l: 11.8, c: 12.4, v: 2000, amt: 24500 },
        ]);
      },
    );
  });
}
