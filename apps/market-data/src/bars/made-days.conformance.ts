import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { barsReader, type BarsReader } from '../../test/bars-reader.js';
import { startMarket, storeDays, storeFactors, storeMinutes, type Market } from '../../test/stored-market.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

const LONG_MS = 120_000;
const [MONDAY, TUESDAY, WEDNESDAY] = ['2024-06-17', '2024-06-18', '2024-06-19'] as const;
const FRAMES = ['1Day', '1Week', '1Month', '1Min', '60Min'] as const;

interface Day {
  readonly pre?: number;
  readonly factor?: number;
}
const line = (code: string, day: string, price: number, { pre, factor }: Day = {}): string =>
  [code, 'SSE', day, price, price, price, price, pre ?? '', 100, 1_000, '', '', 1, 0, factor ?? ''].join(',');

/** Days that have only minute bars, read from a store of bars. */
export function itMakesDays(store: TimeseriesStore): void {
  describe(`days made of minute bars in ${store.name}`, () => {
    let market: Market;
    let reader: BarsReader;

    beforeAll(async () => {
      market = await startMarket(store);
      reader = barsReader(market);
    }, LONG_MS);
    afterAll(() => market.stop());

    const closes = async (code: string, ask: object): Promise<readonly number[]> =>
      (await reader.page({ symbol: `${code}.SH`, ...ask })).bars.map(({ c }) => c);
    const minuteOf = (code: string, day: string, price: number): Promise<void> =>
      storeMinutes(market, 1, [`${code},SSE,${day},09:31:00,${price},${price},${price},${price},100,500`]);

    describe('between daily bars of two factors', () => {
      const code = '600101';
      const tuesday = { start: TUESDAY, end: TUESDAY } as const;
      beforeAll(async () => {
        await storeDays(market, [
          line(code, MONDAY, 10, { factor: 1 }),
          line(code, WEDNESDAY, 5.2, { pre: 5.1, factor: 2 }),
        ]);
        await minuteOf(code, TUESDAY, 5);
      });

      it.each(FRAMES)(
        'are refused by their day while no ex-date says which factor they have, %s',
        async (timeframe) => {
          for (const adjustment of ['qfq', 'hfq'] as const) {
            const ask = { timeframe, adjustment };
            await expect(closes(code, ask)).rejects.toThrow(`is known for ${TUESDAY}`);
            if (timeframe !== '1Week' && timeframe !== '1Month') {
              await expect(closes(code, { ...ask, ...tuesday })).rejects.toMatchObject({
                code: 'unprocessable',
                problem: 'KLINE_ADJUST_INVALID',
              });
            }
          }
        },
      );

      it('leave the days before and behind them as they are', async () => {
        expect(await closes(code, { adjustment: 'qfq', end: MONDAY })).toEqual([5]);
        expect(await closes(code, { adjustment: 'hfq', start: WEDNESDAY })).toEqual([10.4]);
        expect(await closes(code, { adjustment: 'qfq', sort: 'desc', limit: 1 })).toEqual([5.2]);
      });

      it('take the last known factor as of a day on which the next daily bar was not known', async () => {
        expect(await closes(code, { adjustment: 'hfq', asof: TUESDAY })).toEqual([10, 5]);
      });

      it('are answered once the ex-date is given', async () => {
        await storeFactors(market, [`${code},SSE,${TUESDAY},2`]);
        expect(await closes(code, { adjustment: 'hfq' })).toEqual([10, 10, 10.4]);
        expect(await closes(code, { adjustment: 'qfq', timeframe: '1Min' })).toEqual([5]);
        expect(await closes(code, { adjustment: 'qfq', timeframe: '1Week' })).toEqual([5.2]);
      });
    });

    it('are refused too where the daily bar behind them is an ex-day without a factor', async () => {
      const code = '600102';
      await storeDays(market, [line(code, MONDAY, 10, { factor: 1 }), line(code, WEDNESDAY, 5.2, { pre: 5.1 })]);
      await minuteOf(code, TUESDAY, 5);
      for (const timeframe of ['1Day', '1Min'] as const) {
        const refused = closes(code, { adjustment: 'hfq', timeframe, start: TUESDAY, end: TUESDAY });
        await expect(refused).rejects.toThrow(`is known for ${TUESDAY}`);
      }
      await expect(closes(code, { adjustment: 'hfq', start: WEDNESDAY })).rejects.toThrow(`is known for ${WEDNESDAY}`);
    });

    it('have the factor of the daily bars round them where that is one factor, whatever the previous close is', async () => {
      const code = '600103';
      await storeDays(market, [
        line(code, MONDAY, 10, { factor: 2 }),
        line(code, WEDNESDAY, 9.5, { pre: 9.8, factor: 2 }),
      ]);
      await minuteOf(code, TUESDAY, 9.8);
      expect(await closes(code, { adjustment: 'hfq' })).toEqual([20, 19.6, 19]);
      expect(await closes(code, { adjustment: 'hfq', timeframe: '1Min' })).toEqual([19.6]);
    });

    it('that are not there make nothing unknown, and are not named for another gap', async () => {
      const code = '600104';
      await storeDays(market, [
        line(code, '2024-06-14', 10, { factor: 1 }),
        line(code, WEDNESDAY, 5.2, { pre: 5.1, factor: 2 }),
        line(code, '2024-06-21', 2.6, { pre: 2.6 }),
      ]);
      expect(await closes(code, { adjustment: 'hfq', end: WEDNESDAY })).toEqual([10, 10.4]);
      const month = { adjustment: 'hfq', timeframe: '1Month' } as const;
      expect(await closes(code, { ...month, asof: WEDNESDAY })).toEqual([10.4]);
      await expect(closes(code, month)).rejects.toThrow('is known for 2024-06-21');
    });
  });
}
