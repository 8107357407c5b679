import { addDays, weekday } from '@mystocks/calendar';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { useMarket } from '../../test/bars-reader.js';
import { storeDays, storeFactors, storeMinutes } from '../../test/stored-market.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

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
    const { market, reader, closes } = useMarket(store);
    const minuteOf = (code: string, day: string, price: number): Promise<void> =>
      storeMinutes(market(), 1, [`${code},SSE,${day},09:31:00,${price},${price},${price},${price},100,500`]);

    describe('between daily bars of two factors', () => {
      const code = '600101';
      const tuesday = { start: TUESDAY, end: TUESDAY } as const;
      beforeAll(async () => {
        await storeDays(market(), [
          line(code, MONDAY, 10, { factor: 1 }),
          line(code, WEDNESDAY, 5.2, { pre: 5.1, factor: 2 }),
        ]);
        await minuteOf(code, TUESDAY, 5);
      });

      it.each(FRAMES)(
        'between daily bars of two factors are refused by their day while no ex-date says which factor they have, %s',
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

      it('between daily bars of two factors leave the days before and behind them as they are', async () => {
        expect(await closes(code, { adjustment: 'qfq', end: MONDAY })).toEqual([5]);
        expect(await closes(code, { adjustment: 'hfq', start: WEDNESDAY })).toEqual([10.4]);
        expect(await closes(code, { adjustment: 'qfq', sort: 'desc', limit: 1 })).toEqual([5.2]);
      });

      it('between daily bars of two factors take the last known factor as of a day on which the next daily bar was not known', async () => {
        expect(await closes(code, { adjustment: 'hfq', asof: TUESDAY })).toEqual([10, 5]);
      });

      it('between daily bars of two factors are answered once the ex-date is given', async () => {
        await storeFactors(market(), [`${code},SSE,${TUESDAY},2`]);
        expect(await closes(code, { adjustment: 'hfq' })).toEqual([10, 10, 10.4]);
        expect(await closes(code, { adjustment: 'qfq', timeframe: '1Min' })).toEqual([5]);
        expect(await closes(code, { adjustment: 'qfq', timeframe: '1Week' })).toEqual([5.2]);
      });
    });

    it(`days made of minute bars in ${store.name} are refused behind an ex-date after which the factor changes once more, but known on the ex-date`, async () => {
      const code = '600108';
      await storeDays(market(), [line(code, '2024-06-14', 10, { factor: 1 }), line(code, WEDNESDAY, 5, { factor: 2 })]);
      await storeFactors(market(), [`${code},SSE,2024-06-15,1`]);
      for (const day of [MONDAY, TUESDAY]) await minuteOf(code, day, 5);
      await expect(closes(code, { adjustment: 'hfq' })).rejects.toThrow(`is known for ${MONDAY}`);
      await storeFactors(market(), [`${code},SSE,${MONDAY},1`]);
      expect(await closes(code, { adjustment: 'hfq', end: MONDAY })).toEqual([10, 5]);
      await expect(closes(code, { adjustment: 'hfq' })).rejects.toThrow(`is known for ${TUESDAY}`);
      await storeFactors(market(), [`${code},SSE,${TUESDAY},2`]);
      expect(await closes(code, { adjustment: 'hfq' })).toEqual([10, 5, 10, 10]);
    });

    it(`days made of minute bars in ${store.name} are refused too where the daily bar behind them is an ex-day without a factor`, async () => {
      const code = '600102';
      await storeDays(market(), [line(code, MONDAY, 10, { factor: 1 }), line(code, WEDNESDAY, 5.2, { pre: 5.1 })]);
      await minuteOf(code, TUESDAY, 5);
      for (const timeframe of ['1Day', '1Min'] as const) {
        const refused = closes(code, { adjustment: 'hfq', timeframe, start: TUESDAY, end: TUESDAY });
        await expect(refused).rejects.toThrow(`is known for ${TUESDAY}`);
      }
      await expect(closes(code, { adjustment: 'hfq', start: WEDNESDAY })).rejects.toThrow(`is known for ${WEDNESDAY}`);
    });

    it(`days made of minute bars in ${store.name} have the factor of the daily bars round them where that is one factor, whatever the previous close is`, async () => {
      const code = '600103';
      await storeDays(market(), [
        line(code, MONDAY, 10, { factor: 2 }),
        line(code, WEDNESDAY, 9.5, { pre: 9.8, factor: 2 }),
      ]);
      await minuteOf(code, TUESDAY, 9.8);
      expect(await closes(code, { adjustment: 'hfq' })).toEqual([20, 19.6, 19]);
      expect(await closes(code, { adjustment: 'hfq', timeframe: '1Min' })).toEqual([19.6]);
    });

    it(`days made of minute bars in ${store.name} that are not there make nothing unknown, and are not named for another gap`, async () => {
      const code = '600104';
      await storeDays(market(), [
        line(code, '2024-06-14', 10, { factor: 1 }),
        line(code, WEDNESDAY, 5.2, { pre: 5.1, factor: 2 }),
        line(code, '2024-06-21', 2.6, { pre: 2.6 }),
      ]);
      expect(await closes(code, { adjustment: 'hfq', end: WEDNESDAY })).toEqual([10, 10.4]);
      const month = { adjustment: 'hfq', timeframe: '1Month' } as const;
      expect(await closes(code, { ...month, asof: WEDNESDAY })).toEqual([10.4]);
      await expect(closes(code, month)).rejects.toThrow('is known for 2024-06-21');
    });

    describe('days made of minutes, of which a page has many', () => {
      const code = '600105';
      const weekdays = Array.from({ length: 450 }, (_, at) => addDays('2022-01-03', at)).filter(
        (day) => weekday(day) < 5,
      );
      const hasDaily = (at: number): boolean => at % 40 === 7;
      const total = weekdays.length * 100;
      beforeAll(async () => {
        const minutes = weekdays.map((day) => `${code},SSE,${day},09:31:00,10,10,10,10,100,1000`);
        await storeMinutes(market(), 1, minutes);
        await storeDays(
          market(),
          weekdays.filter((_, at) => hasDaily(at)).map((day) => line(code, day, 10)),
        );
      });

      it.each(['asc', 'desc'] as const)(
        'days made of minutes, of which a page has many, end a page at the 250th and go on in the next one, %s',
        async (sort) => {
          const first = await reader.page({ symbol: `${code}.SH`, sort });
          const inOrder = sort === 'asc' ? weekdays : weekdays.toReversed();
          const made = inOrder.filter((day) => !hasDaily(weekdays.indexOf(day)));
          expect(first.bars.map(({ t }) => t.slice(0, 10))).toEqual(inOrder.slice(0, inOrder.indexOf(made[250] ?? '')));
          expect(first.next_page_token).not.toBeNull();
          const all = await reader.everyPage({ symbol: `${code}.SH`, sort });
          expect(all.map(({ t }) => t.slice(0, 10))).toEqual(inOrder);
        },
      );

      it.each(['1Week', '1Month'] as const)(
        'days made of minutes, of which a page has many, make every %s whole, page after page',
        async (timeframe) => {
          for (const sort of ['asc', 'desc'] as const) {
            const bars = await reader.everyPage({ symbol: `${code}.SH`, timeframe, sort });
            const nameOf = (day: string): string =>
              timeframe === '1Month' ? day.slice(0, 7) : addDays(day, -weekday(day));
            expect(bars).toHaveLength(new Set(weekdays.map(nameOf)).size);
            expect(bars.reduce((sum, { v }) => sum + v, 0)).toBe(total);
          }
        },
      );

      it('days made of minutes, of which a page has many, are shared out among the symbols of a list, which ends where the first one has to', async () => {
        await storeDays(
          market(),
          weekdays.map((day) => line('600106', day, 10)),
        );
        const symbols = [`${code}.SH`, '600106.SH'];
        for (const timeframe of ['1Day', '1Week', '1Month'] as const) {
          let sums = [0, 0];
          for (let token: string | null | undefined; token !== null;) {
            const page = await reader.many({
              symbols,
              timeframe,
              ...(token === undefined ? {} : { page_token: token }),
            });
            expect(page.bars[symbols[0] ?? '']?.length).toBe(page.bars[symbols[1] ?? '']?.length);
            sums = sums.map((sum, at) => (page.bars[symbols[at] ?? ''] ?? []).reduce((all, { v }) => all + v, sum));
            token = page.next_page_token;
          }
          expect(sums).toEqual([total, total]);
        }
      });
    });

    it(`days made of minute bars in ${store.name} are not needed to say that a daily bar contradicts its minutes, however old it is`, async () => {
      const code = '600107';
      const days = Array.from({ length: 200 }, (_, at) => addDays('2023-01-02', at));
      await storeDays(
        market(),
        days.map((day) => line(code, day, 10)),
      );
      const symbol = `${code}.SH`;
      const minute = (day: string, volume: number): string => `${code},SSE,${day},09:31:00,10,10,10,10,${volume},500`;
      await storeMinutes(
        market(),
        1,
        days.map((day) => minute(day, 100)),
      );
      expect((await reader.page({ symbol })).meta).not.toHaveProperty('conflict');
      await storeMinutes(market(), 1, [minute(days[3] ?? '', 101)]);
      for (const timeframe of ['1Day', '1Week', '1Month', '1Min', '5Min', '60Min'] as const) {
        expect((await reader.page({ symbol, timeframe })).meta).toMatchObject({ conflict: true });
        const later = { symbol, timeframe, start: '2023-02-06' } as const;
        expect((await reader.page(later)).meta).not.toHaveProperty('conflict');
      }
      for (const timeframe of ['1Min', '15Min'] as const) {
        expect((await reader.page({ symbol, timeframe, limit: 3 })).meta).not.toHaveProperty('conflict');
      }
    });
  });
}
