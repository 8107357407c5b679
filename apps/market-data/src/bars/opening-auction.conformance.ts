import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { barsReader, type BarsReader, type WireBar } from '../../test/bars-reader.js';
import { startMarket, storeFactors, storeMinutes, type Market } from '../../test/stored-market.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

const SYMBOL = '830011.BJ';
const PLAIN = '830012.BJ';
const AUCTION = ['09:25', '09:27', '09:30'];
const MINUTES = Array.from({ length: 240 }, (_, at) => {
  const minute = at < 120 ? 571 + at : 661 + at;
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
});
const sorts = ['asc', 'desc'] as const;
const sum = (bars: readonly WireBar[]): number => bars.reduce((total, { v }) => total + v, 0);
const line = (day: string, time: string, values: string): string => `830011,BSE,2024-07-${day},${time}:00,${values}`;

/** The minutes of days that the opening auction has rows of its own on. */
export function itJoinsTheOpeningAuction(store: TimeseriesStore): void {
  describe(`the rows of the opening auction in ${store.name}`, () => {
    let market: Market;
    let reader: BarsReader;
    const read = async (ask: Parameters<BarsReader['page']>[0]): Promise<WireBar[]> => (await reader.page(ask)).bars;
    const minutes = { symbol: SYMBOL, timeframe: '1Min', limit: 10_000 } as const;

    beforeAll(async () => {
      market = await startMarket(store);
      reader = barsReader(market);
      await storeMinutes(market, 1, [
        // A whole day, one without amounts of the auction, one without an auction, one of the auction alone, and a whole one.
        ...['01', '02', '03', '05'].flatMap((day) =>
          MINUTES.map((time) => line(day, time, '10,10.2,9.9,10.1,100,1000')),
        ),
        ...AUCTION.map((time, at) =>
          line('01', time, `${9 + at},${9.5 + at},${8 + at},${9 + at},${at + 1},${at + 1}0`),
        ),
        line('02', '09:30', '10,10.1,10,10,7,'),
        line('04', '09:25', '9,9,9,9,5,45'),
        line('04', '09:30', '8,8,8,8,6,48'),
        line('05', '09:25', '10,10,10,10,3,30'),
        ...['01', '02', '05'].flatMap((day) =>
          MINUTES.map((time) => line(day, time, '1,1,1,1,1,1').replace('830011', '830012')),
        ),
      ]);
      await storeFactors(market, ['830011,BSE,2024-06-03,2']);
    }, 60_000);
    afterAll(() => market.stop());

    it(`the rows of the opening auction in ${store.name} are a part of the bar of 09:31, which alone stands for them on a day without more`, async () => {
      const bars = await read(minutes);
      expect(bars).toHaveLength(4 * 240 + 1);
      const first = bars.filter(({ t }) => t.slice(11, 16) <= '09:31');
      const plain = { o: 10, h: 10.2, l: 9.9, c: 10.1, v: 100, amt: 1_000 };
      expect(first).toEqual([
        { t: '2024-07-01T09:31:00+08:00', o: 9, h: 11.5, l: 8, c: 10.1, v: 106, amt: 1_060 },
        { ...plain, t: '2024-07-02T09:31:00+08:00', v: 107, amt: null },
        { ...plain, t: '2024-07-03T09:31:00+08:00' },
        { t: '2024-07-04T09:31:00+08:00', o: 9, h: 9, l: 8, c: 8, v: 11, amt: 93 },
        { ...plain, t: '2024-07-05T09:31:00+08:00', v: 103, amt: 1_030 },
      ]);
      for (const timeframe of ['5Min', '15Min', '30Min', '60Min'] as const) {
        expect(sum(await read({ ...minutes, timeframe }))).toBe(sum(bars));
      }
    });

    it(`the rows of the opening auction in ${store.name} are adjusted as the bar that they join`, async () => {
      expect(await read({ ...minutes, adjustment: 'hfq', limit: 1 })).toMatchObject([
        { t: '2024-07-01T09:31:00+08:00', o: 18, h: 23, l: 16, c: 20.2, v: 106, amt: 1_060 },
      ]);
    });

    it.each(sorts)(
      `the rows of the opening auction in ${store.name} are in one page only, wherever it ends, %s`,
      async (sort) => {
        const whole = await read({ ...minutes, sort });
        for (const limit of [119, 238, 239, 240, 241, 242, 479, 480, 481]) {
          expect(await reader.everyPage({ ...minutes, sort, limit })).toEqual(whole);
        }
        const few = { ...minutes, sort, start: '2024-07-03T14:58:00+08:00', end: '2024-07-05T09:34:00+08:00' } as const;
        const near = whole.filter(({ t }) => t >= few.start && t <= few.end);
        expect(near).toHaveLength(8);
        for (const limit of [1, 2, 3, 4, 5, 8]) expect(await reader.everyPage({ ...few, limit })).toEqual(near);
      },
    );

    it.each(sorts)(
      `the rows of the opening auction in ${store.name} belong to 09:31 also where a range begins or ends beside them, %s`,
      async (sort) => {
        const on = (start: string, end: string) =>
          read({ ...minutes, sort, start: `2024-07-01T${start}+08:00`, end: `2024-07-01T${end}+08:00` });
        for (const start of ['00:00:00', '09:15:00', '09:25:00', '09:28:00', '09:30:00', '09:30:30', '09:31:00']) {
          expect(await on(start, '09:31:00')).toMatchObject([{ t: '2024-07-01T09:31:00+08:00', o: 9, v: 106 }]);
          expect(await on(start, '09:32:00')).toHaveLength(2);
        }
        expect(await on('09:25:00', '09:30:59')).toEqual([]);
        expect(await on('09:31:01', '09:32:00')).toMatchObject([{ t: '2024-07-01T09:32:00+08:00', v: 100 }]);
        const bare = { ...minutes, sort, start: '2024-07-04T09:30:00+08:00', end: '2024-07-04' } as const;
        expect(await read(bare)).toMatchObject([{ t: '2024-07-04T09:31:00+08:00', v: 11 }]);
      },
    );

    it.each(sorts)('join their bar beside symbols that have none, %s', async (sort) => {
      const ask = { symbols: [PLAIN, SYMBOL] as string[], timeframe: '1Min' as const, sort };
      const whole = await reader.many({ ...ask, limit: 10_000 });
      expect(whole.bars).toEqual({
        [SYMBOL]: await read({ ...minutes, sort }),
        [PLAIN]: await read({ ...minutes, symbol: PLAIN, sort }),
      });
      for (const limit of [239, 240, 241]) {
        const paged: Record<string, WireBar[]> = { [SYMBOL]: [], [PLAIN]: [] };
        for (let token: string | null | undefined; token !== null;) {
          const one = await reader.many({ ...ask, limit, ...(token === undefined ? {} : { page_token: token }) });
          for (const symbol of [SYMBOL, PLAIN]) paged[symbol]?.push(...(one.bars[symbol] ?? []));
          token = one.next_page_token;
        }
        expect(paged).toEqual(whole.bars);
      }
    });
  });
}
