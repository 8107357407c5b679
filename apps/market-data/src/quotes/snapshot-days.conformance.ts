import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { barsReader, type BarsReader } from '../../test/bars-reader.js';
import { openQuotes, QUOTES_NOW as NOW, type OpenQuotes } from '../../test/open-quotes.js';
import { startMarket, storeDays, storeMinutes, type Market } from '../../test/stored-market.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

interface DaysOfSnapshot {
  readonly daily_bar: { readonly t: string; readonly v: number } | null;
  readonly prev_daily_bar: { readonly t: string; readonly v: number } | null;
}

/** The days of a snapshot are the newest two that `/bars` shows. */
export function itShowsTheNewestDays(store: TimeseriesStore): void {
  describe(`the days of a snapshot in ${store.name}`, () => {
    let market: Market;
    let quotes: OpenQuotes;
    let reader: BarsReader;
    const symbols = ['600101', '600102', '600103', '600104', '600105', '600106'].map((code) => `${code}.SH`);
    const [onlyMinutes = '', today = '', between = '', both = '', onlyDays = '', halted = ''] = symbols;
    const day = (symbol: string, date: string): string => `${symbol.slice(0, 6)},SSE,${date},8,9,7,8.5,8,100,5,,,1,0,1`;
    const minute = (symbol: string, date: string, time: string, volume: number): string =>
      `${symbol.slice(0, 6)},SSE,${date},${time}:00,8.1,8.9,8,8.2,${volume},`;

    beforeAll(async () => {
      market = await startMarket(store);
      quotes = openQuotes(market, () => NOW);
      reader = barsReader(market);
      await storeDays(market, [
        ...[today, between, both, onlyDays].flatMap((symbol) => [day(symbol, '2022-05-26'), day(symbol, '2022-05-27')]),
        ...[between, both].map((symbol) => day(symbol, '2022-06-01')),
        day(halted, '2019-01-02'),
      ]);
      await storeMinutes(market, 1, [
        minute(onlyMinutes, '2022-05-31', '14:59', 3),
        minute(onlyMinutes, '2022-06-01', '09:25', 1),
        minute(onlyMinutes, '2022-06-01', '09:31', 4),
        minute(today, '2022-06-01', '09:31', 5),
        minute(between, '2022-05-31', '09:31', 6),
        minute(both, '2022-05-27', '09:31', 7),
        minute(both, '2022-06-01', '09:31', 8),
      ]);
      await storeMinutes(market, 5, [minute(today, '2022-06-01', '09:40', 9)]);
    }, 60_000);
    afterAll(() => market.stop());

    const snapshots = async (asked: readonly string[]): Promise<Record<string, DaysOfSnapshot>> => {
      const { body } = await quotes.service.snapshots({ symbols: [...asked] });
      return (JSON.parse(body.toString()) as { snapshots: Record<string, DaysOfSnapshot> }).snapshots;
    };

    it(`the days of a snapshot in ${store.name} are the newest two of its bars, also those made of minute bars`, async () => {
      const shown = await snapshots(symbols);
      for (const symbol of symbols) {
        const { bars } = await reader.page({ symbol, sort: 'desc', limit: 2 });
        const { daily_bar, prev_daily_bar } = shown[symbol] ?? {};
        expect([symbol, daily_bar, prev_daily_bar]).toEqual([symbol, bars[0] ?? null, bars[1] ?? null]);
      }
      const days = symbols.map((symbol) =>
        [shown[symbol]?.daily_bar, shown[symbol]?.prev_daily_bar].map((bar) => bar && `${bar.t.slice(5, 10)} ${bar.v}`),
      );
      expect(days).toEqual([
        ['06-01 5', '05-31 3'],
        ['06-01 9', '05-27 100'],
        ['06-01 100', '05-31 6'],
        ['06-01 100', '05-27 100'],
        ['05-27 100', '05-26 100'],
        ['01-02 100', null],
      ]);
    });
  });
}
