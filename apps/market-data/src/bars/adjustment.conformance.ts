import { addDays } from '@mystocks/calendar';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { useMarket } from '../../test/bars-reader.js';
import { storeDays, storeFactors, storeMinutes } from '../../test/stored-market.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';
import { exDayHistory, expectedPrice, factorAt, type History } from '../../test/adjustment-model.js';

const SEED = 20_240_618;

interface Day {
  readonly pre?: number;
  readonly factor?: number;
}
/** A daily bar with one price, as a line of cn_daily_raw_2020_2023.csv.gz. */
const line = (code: string, day: string, price: number, { pre, factor }: Day = {}): string =>
  [code, 'SSE', day, price, price, price, price, pre ?? '', 100, 1_000, '', '', 1, 0, factor ?? ''].join(',');

/** Adjusted prices, read from a store of bars. */
export function itAdjusts(store: TimeseriesStore): void {
  describe(`adjusted prices in ${store.name}`, () => {
    const { market, reader, closes } = useMarket(store);

    describe('adjusted bars of an ex-day without a factor', () => {
      const code = '601318';
      const qfq = { adjustment: 'qfq' } as const;
      beforeAll(async () => {
        await storeDays(market(), [
          line(code, '2024-06-18', 10, { pre: 10, factor: 1 }),
          line(code, '2024-06-19', 5, { pre: 5 }),
          line(code, '2024-06-20', 5.1, { pre: 5, factor: 2 }),
        ]);
        await storeMinutes(market(), 1, [`${code},SSE,2024-06-19,09:31:00,5,5,5,5,100,500`]);
      });

      it.each(['1Day', '1Week', '1Month', '1Min', '60Min'] as const)(
        'adjusted bars of an ex-day without a factor are refused by its name, %s',
        async (timeframe) => {
          for (const adjustment of ['qfq', 'hfq'] as const) {
            const refused = closes(code, { timeframe, adjustment });
            await expect(refused).rejects.toThrow('2024-06-19');
            await expect(refused).rejects.toMatchObject({ code: 'unprocessable', problem: 'KLINE_ADJUST_INVALID' });
          }
        },
      );

      it('adjusted bars of an ex-day without a factor are answered for the days before and behind it', async () => {
        expect(await closes(code, { ...qfq, end: '2024-06-18' })).toEqual([5]);
        expect(await closes(code, { ...qfq, start: '2024-06-20' })).toEqual([5.1]);
        expect(await closes(code, { adjustment: 'hfq', start: '2024-06-20' })).toEqual([10.2]);
        expect(await closes(code, { ...qfq, sort: 'desc', limit: 1 })).toEqual([5.1]);
      });

      it('adjusted bars of an ex-day without a factor are refused as a whole while that is the newest day, since there is nothing to adjust to', async () => {
        await expect(closes(code, { ...qfq, asof: '2024-06-19', end: '2024-06-18' })).rejects.toThrow('2024-06-19');
        expect(await closes(code, { adjustment: 'hfq', asof: '2024-06-19', end: '2024-06-18' })).toEqual([10]);
      });

      it('adjusted bars of an ex-day without a factor leave the symbol out of a list, which says why', async () => {
        await storeDays(market(), [line('600000', '2024-06-19', 8, { factor: 3 })]);
        const list = await reader.many({ symbols: [`${code}.SH`, '600000.SH', '999999.SZ'], ...qfq });
        expect(Object.keys(list.bars)).toEqual(['600000.SH']);
        expect(list.meta['errors']).toEqual([
          { symbol: '999999.SZ', code: 2101, message: 'There is no instrument 999999.SZ' },
          { symbol: `${code}.SH`, code: 2001, message: expect.stringContaining('2024-06-19') as unknown },
        ]);
        await expect(reader.many({ symbols: [`${code}.SH`], ...qfq })).rejects.toMatchObject({
          problem: 'KLINE_ADJUST_INVALID',
        });
      });

      it('adjusted bars of an ex-day without a factor are answered once its factor is given by ex-date', async () => {
        await storeFactors(market(), [`${code},SSE,2024-06-19,2`]);
        expect(await closes(code, qfq)).toEqual([5, 5, 5.1]);
        expect(await closes(code, { adjustment: 'hfq' })).toEqual([10, 10, 10.2]);
        expect(await closes(code, { ...qfq, timeframe: '1Min' })).toEqual([5]);
        expect(await closes(code, { ...qfq, timeframe: '1Week' })).toEqual([5.1]);
        expect(await closes(code, { ...qfq, asof: '2024-06-18' })).toEqual([10]);
      });
    });

    describe('adjusted bars of an ex-day behind a closed day that repeats the factor before it', () => {
      const code = '600004';
      const [friday, saturday, monday] = ['2024-06-14', '2024-06-15', '2024-06-17'] as const;
      beforeAll(async () => {
        await storeFactors(market(), [`${code},SSE,1900-01-01,1`, `${code},SSE,${saturday},1`]);
        await storeDays(market(), [line(code, friday, 10), line(code, monday, 5, { pre: 5 })]);
      });

      it('adjusted bars of an ex-day behind a closed day that repeats the factor before it are refused, since that factor is no other one', async () => {
        for (const adjustment of ['qfq', 'hfq'] as const) {
          await expect(closes(code, { adjustment })).rejects.toThrow(`is known for ${monday}`);
          await expect(closes(code, { adjustment, start: monday })).rejects.toThrow(`is known for ${monday}`);
        }
        expect(await closes(code, { adjustment: 'hfq', end: friday })).toEqual([10]);
      });

      it('adjusted bars of an ex-day behind a closed day that repeats the factor before it are answered once the ex-day itself has one, be it the same, or the closed day has another one', async () => {
        await storeFactors(market(), [`${code},SSE,${monday},1`]);
        expect(await closes(code, { adjustment: 'hfq' })).toEqual([10, 5]);
        const [drop, change] = [
          'DELETE FROM market_data.factors WHERE ex_date = $1',
          'UPDATE market_data.factors SET factor = 2 WHERE ex_date = $1',
        ];
        await market().pool.write((client) => client.query({ text: drop, values: [monday] }));
        await market().pool.write((client) => client.query({ text: change, values: [saturday] }));
        expect(await closes(code, { adjustment: 'hfq' })).toEqual([10, 10]);
      });
    });

    describe('where factors begin later than bars', () => {
      const code = '600001';
      beforeAll(async () => {
        await storeDays(market(), [
          ...['11', '12', '13', '14', '17', '18', '19'].map((day) => line(code, `2024-06-${day}`, 10)),
          line(code, '2024-06-20', 10, { factor: 2 }),
          ...['21', '24', '25'].map((day) => line(code, `2024-06-${day}`, 10)),
        ]);
      });

      it('where factors begin later than bars begin with the first day whose adjustment is known, and say so', async () => {
        const page = await reader.page({ symbol: `${code}.SH`, adjustment: 'hfq' });
        expect(page.bars.map(({ t }) => t.slice(8, 10))).toEqual(['20', '21', '24', '25']);
        expect(page.meta['adjusted_from']).toBe('2024-06-20');
        const known = await reader.page({ symbol: `${code}.SH`, adjustment: 'hfq', start: '2024-06-20' });
        expect(known.bars).toEqual(page.bars);
        expect(known.meta).not.toHaveProperty('adjusted_from');
      });

      it.each(['asc', 'desc'] as const)(
        'where factors begin later than bars are paged to their end, %s',
        async (sort) => {
          const bars = await reader.everyPage({ symbol: `${code}.SH`, adjustment: 'qfq', sort, limit: 3 });
          expect(bars).toHaveLength(4);
        },
      );

      it('where factors begin later than bars are no part of a week of which only some days are known', async () => {
        const page = await reader.page({ symbol: `${code}.SH`, adjustment: 'qfq', timeframe: '1Week' });
        expect(page.bars.map(({ t, v }) => [t.slice(0, 10), v])).toEqual([['2024-06-25', 200]]);
        expect(page.meta['adjusted_from']).toBe('2024-06-20');
      });

      it('where factors begin later than bars are refused where nothing of the range is known', async () => {
        await expect(closes(code, { adjustment: 'qfq', end: '2024-06-19' })).rejects.toThrow('before 2024-06-20');
      });
    });

    it(`adjusted prices in ${store.name} of an instrument that never had a factor are refused, or raw where that was asked for`, async () => {
      await storeDays(market(), [line('600002', '2024-06-18', 10)]);
      const symbol = '600002.SH';
      await expect(reader.page({ symbol, adjustment: 'qfq' })).rejects.toThrow(
        'No adjustment factor of 600002.SH is stored',
      );
      const page = await reader.page({ symbol, adjustment: 'qfq', without_factors: 'raw' });
      expect([page.bars[0]?.c, page.meta['adjustment']]).toEqual([10, 'raw']);
    });

    it('never become 0: below 0.01 they keep three digits', async () => {
      await storeDays(market(), [
        line('600003', '2024-06-18', 1.23456, { factor: 0.0005 }),
        line('600003', '2024-06-19', 9, { factor: 5 }),
      ]);
      expect(await closes('600003', { adjustment: 'qfq' })).toEqual([0.000123, 9]);
      expect(await closes('600003', { adjustment: 'hfq' })).toEqual([0.000617, 45]);
    });

    it(`adjusted prices in ${store.name} are those of a naive model, day by day, whatever days, factors and ex-days there are`, async () => {
      const histories = fc.sample(exDayHistory, { numRuns: 60, seed: SEED });
      const codeOf = (place: number): string => String(603_000 + place);
      for (const [place, { days, given }] of histories.entries()) {
        await storeDays(
          market(),
          days.map(({ day, close, pre, factor }) => line(codeOf(place), day, close, { pre, factor } as Day)),
        );
        await storeFactors(
          market(),
          given.map(({ day, factor }) => `${codeOf(place)},SSE,${day},${factor}`),
        );
      }
      let compared = 0;
      for (const [place, history] of histories.entries()) {
        for (const asof of [undefined, '2024-02-01']) compared += await compare(codeOf(place), history, asof);
      }
      expect(compared).toBeGreaterThan(1_500);
    });

    /** Compares every day by itself, so that a day that is not known does not hide the others. */
    async function compare(code: string, history: History, asof: string | undefined): Promise<number> {
      const known = asof === undefined ? {} : { asof };
      const newest = factorAt(history, asof ?? '9999-12-31');
      const days = history.days.filter(({ day }) => asof === undefined || day <= asof);
      for (const { day, close } of days.filter((_, index) => index % 5 === 0)) {
        for (const adjustment of ['qfq', 'hfq'] as const) {
          const ask = { adjustment, start: day, end: day, ...known };
          const read = await closes(code, ask).catch((error: { problem?: string }) => error.problem);
          const factor = factorAt(history, day);
          const by = adjustment === 'hfq' ? 1 : newest;
          const expected =
            factor === undefined || by === undefined ? 'KLINE_ADJUST_INVALID' : [expectedPrice(close, factor, by)];
          expect([code, ask, read]).toEqual([code, ask, expected]);
        }
      }
      return days.length;
    }

    it(`adjusted prices in ${store.name} are answered for 3,000 days of which only the first has a factor`, async () => {
      const code = '609305';
      const days = Array.from({ length: 3_000 }, (_, index) => addDays('2005-01-03', index));
      await storeDays(
        market(),
        days.map((day, index) => line(code, day, 10, index === 0 ? { factor: 1 } : {})),
      );
      const whole = await closes(code, { adjustment: 'qfq', limit: 10_000 });
      expect(whole).toHaveLength(3_000);
      expect(new Set(whole)).toEqual(new Set([10]));
    });
  });
}
