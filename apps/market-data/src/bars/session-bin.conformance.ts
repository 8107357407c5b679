import { describe, expect, it } from '@jest/globals';
import { useMarket } from '../../test/bars-reader.js';
import { storeMinutes } from '../../test/stored-market.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';
import { sessionBin } from './stored/session-bin.js';

/** Bins of trading days, made by a store of the minutes that were stored in it. */
export function itMakesBins(store: TimeseriesStore): void {
  describe(`bins of a trading day in ${store.name}`, () => {
    const { market, reader } = useMarket(store);

    it(`bins of a trading day in ${store.name} are those of sessionBin for every minute there is`, async () => {
      const minutes = Array.from({ length: 1_440 }, (_, minute) => minute);
      const time = (minute: number): string =>
        `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00`;
      await storeMinutes(
        market(),
        1,
        minutes.map((minute) => `830001,BSE,2024-07-01,${time(minute)},1,1,1,1,${2 ** (minute % 20)},1`),
      );
      const stamped = minutes.filter((one) => (one >= 555 && one <= 690) || (one >= 780 && one <= 900));
      const days = Array.from({ length: 9 }, (_, day) => `2024-07-0${day + 1}`);
      const line = (code: string, day: string, minute: number): string =>
        `${code},BSE,${day},${time(minute)},1,1,1,1,${minute},1`;
      await storeMinutes(
        market(),
        1,
        days.slice(0, 2).flatMap((day) => stamped.map((minute) => line('830003', day, minute))),
      );
      // Days that have nothing but their fullest bin.
      await storeMinutes(
        market(),
        1,
        days.flatMap((day) => stamped.slice(0, 21).map((minute) => line('830004', day, minute))),
      );
      for (const [timeframe, frame] of [
        ['5Min', 5],
        ['15Min', 15],
        ['30Min', 30],
        ['60Min', 60],
      ] as const) {
        const expected = new Map<string, number>();
        for (const minute of minutes) {
          const { after, end } = sessionBin(minute, frame);
          expect(minute > after || end === 900).toBe(true);
          const t = `2024-07-01T${time(end)}+08:00`;
          expected.set(t, (expected.get(t) ?? 0) + 2 ** (minute % 20));
        }
        const whole = (await reader.page({ symbol: '830001.BJ', timeframe })).bars;
        expect(whole.map(({ t, v }) => [t, v])).toEqual([...expected]);
        for (const symbol of ['830003.BJ', '830004.BJ']) {
          const { bars: all } = await reader.page({ symbol, timeframe });
          for (const sort of ['asc', 'desc'] as const) {
            const paged = await reader.everyPage({ symbol, timeframe, limit: 1, sort });
            expect(sort === 'asc' ? paged : paged.reverse()).toEqual(all);
          }
        }
      }
    }, 60_000);

    it(`bins of a trading day in ${store.name} are made of the frame that covers most of the day`, async () => {
      await storeMinutes(market(), 15, [
        '830002,BSE,2024-07-01,09:45:00,1,2,1,2,100,',
        '830002,BSE,2024-07-01,10:00:00,2,3,2,3,50,7',
      ]);
      await storeMinutes(market(), 1, ['830002,BSE,2024-07-01,09:31:00,9,9,9,9,1,1']);
      const { bars: read } = await reader.page({ symbol: '830002.BJ', timeframe: '30Min' });
      // One of its amounts is not known, so the sum is not either.
      expect(read).toEqual([{ t: '2024-07-01T10:00:00+08:00', o: 1, h: 3, l: 1, c: 3, v: 150, amt: null }]);
    });
  });
}
