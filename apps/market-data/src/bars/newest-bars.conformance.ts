import { storedTimeframes } from '@mystocks/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { barsReader } from '../../test/bars-reader.js';
import { startMarket, storeDays, storeMinutes, type Market } from '../../test/stored-market.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';
import { NewestBarsService } from './newest-bars.service.js';

const VALUES = '10,10.2,9.9,10.1,50,500';
const symbols = ['600001.SH', '600002.SH', '600003.SH', '600004.SH'];

/** The newest bars of many instruments, which do not all have bars of the same days. */
export function itReadsNewestBars(store: TimeseriesStore): void {
  describe(`newest bars in ${store.name}`, () => {
    let market: Market;

    beforeAll(async () => {
      market = await startMarket(store);
      await storeDays(market, [
        '600001,SSE,2024-07-10,10,10.5,9.5,10.3,,5000,50000',
        '600001,SSE,2024-07-12,10,10.5,9.5,10.4,,5000,50000',
        '600002,SSE,2021-01-04,8,8.5,7.5,8.2,,100,800',
      ]);
      await storeMinutes(market, 1, [
        `600001,SSE,2024-07-11,09:31,${VALUES}`,
        `600003,SSE,2024-07-12,09:30,${VALUES}`,
        `600003,SSE,2024-07-12,09:31,${VALUES}`,
        `600004,SSE,2019-05-06,10:31,${VALUES}`,
      ]);
      await storeMinutes(market, 60, [`600004,SSE,2019-05-06,11:30,${VALUES}`]);
    });
    afterAll(() => market.stop());

    it(`newest bars in ${store.name} are the ones that each instrument shows alone, however old they are`, async () => {
      const reader = barsReader(market);
      const frames = storedTimeframes.map((timeframe) => ({ timeframe, symbols: [...symbols, '600001', '999999.SH'] }));
      const { bars } = await new NewestBarsService(market.directory, market.store.bars).read({ frames });
      const expected = [];
      for (const timeframe of storedTimeframes) {
        for (const symbol of symbols) {
          const [bar] = (await reader.page({ symbol, timeframe, sort: 'desc', limit: 1 })).bars;
          expected.push({ timeframe, symbol, ...(bar === undefined ? {} : { bar }) });
        }
      }
      expect(bars).toEqual(expected);
      expect(bars.filter(({ bar }) => bar !== undefined).length).toBeGreaterThan(15);
    });
  });
}
