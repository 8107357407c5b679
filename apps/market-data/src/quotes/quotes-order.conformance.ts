import type { Quote } from '@mystocks/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openQuotes, quoteAt, QUOTES_NOW, type OpenQuotes } from '../../test/open-quotes.js';
import { startMarket, storeDays, type Market } from '../../test/stored-market.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

/** Which quotes of one second are stored, and what of them is shown. */
export function itOrdersQuotes(store: TimeseriesStore): void {
  describe(`quotes of one second: ${store.name}`, () => {
    let market: Market;
    let quotes: OpenQuotes;

    beforeAll(async () => {
      market = await startMarket(store);
      quotes = openQuotes(market, () => QUOTES_NOW);
    }, 60_000);
    afterAll(() => market.stop());

    it('stores a quote of the same stamp as the latest one unless its volume is smaller, and keeps all in the history', async () => {
      await storeDays(market, ['600004,SSE,2022-05-31,8,9,7,8,8,100,,,,1,0,1']);
      const of = (more: Partial<Quote>): Quote => quoteAt('05', { symbol: '600004.SH', ...more });
      expect(await quotes.statuses(of({ v: 1_000 }), of({ v: 1_200, last: 8.2 }), of({ v: 1_100 }))).toEqual([
        201, 201, 409,
      ]);
      expect(await quotes.statuses(of({ v: 1_200, last: 8.3 }), of({}))).toEqual([201, 409]);
      expect(await quotes.statuses(of({ v: 1_200, last: 8.3 }))).toEqual([200]);
      expect((await quotes.latest('600004.SH')).quotes).toMatchObject({
        '600004.SH': { t: '2022-06-01T10:00:05.000+08:00', v: 1_200, last: 8.3, seq: 3 },
      });
      expect(await market.store.history('600004.SH')).toEqual([1, 2, 3]);
      expect(
        await quotes.statuses(quoteAt('05.002', { symbol: '600004.SH' }), quoteAt('06', { symbol: '600004.SH' })),
      ).toEqual([201, 201]);
      expect((await quotes.latest('600004.SH')).meta['as_of']).toBe('2022-06-01T10:00:06.000+08:00');
      expect(await market.store.history('600004.SH')).toEqual([1, 2, 3, 4, 5]);
    });

    it('keeps the microseconds of a stamp and cuts what lies behind them', async () => {
      await storeDays(market, ['600005,SSE,2022-05-31,8,9,7,8,8,100,,,,1,0,1']);
      const of = (second: string): Quote => quoteAt(second, { symbol: '600005.SH' });
      const before = quotes.published().length;
      expect(await quotes.statuses(of('01.0000000'), of('01.000001'), of('01.123456789'), of('01.123456'))).toEqual([
        ...[201, 201, 201, 200],
      ]);
      expect(await quotes.statuses(of('01.123455'), of('01.1234'))).toEqual([409, 409]);
      const times = quotes
        .published()
        .slice(before)
        .map(({ quote }) => quote.t.slice(17));
      expect(times).toEqual(['01.000+08:00', '01.000001+08:00', '01.123456+08:00']);
      const answer = await quotes.latest('600005.SH');
      const t = '2022-06-01T10:00:01.123456+08:00';
      expect(answer).toMatchObject({ quotes: { '600005.SH': { t, seq: 3 } }, meta: { as_of: t, quality: 'live' } });
      expect(await quotes.statuses(of('01.123457'))).toEqual([201]);
    });

    it('leaves out levels of the book with price 0, in answers and in events', async () => {
      await storeDays(market, ['600006,SSE,2022-05-31,8,9,7,8,8,100,,,,1,0,1']);
      const bids = [
        { p: 8.1, s: 100 },
        { p: 0, s: 0 },
        { p: 0, s: 500 },
      ];
      const of = (more: Partial<Quote>): Quote => quoteAt('01', { symbol: '600006.SH', ...more });
      expect(await quotes.statuses(of({ bids, asks: [{ p: 0, s: 0 }] }))).toEqual([201]);
      const shown = { bids: [{ p: 8.1, s: 100 }], asks: [] };
      expect(quotes.published().at(-1)?.quote).toMatchObject(shown);
      expect((await quotes.latest('600006.SH')).quotes).toMatchObject({ '600006.SH': shown });
      expect(await quotes.statuses(of({ bids, asks: [] }))).toEqual([200]);
    });
  });
}
