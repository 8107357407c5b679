import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { barsReader, type BarsReader } from '../../test/bars-reader.js';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import { timeseriesStores } from '../../test/timeseries-stores.js';
import { QuotesService } from '../quotes/quotes.service.js';

const LONG_MS = 60_000;
const VALUES = '10,11,9,10';

for (const store of timeseriesStores) {
  describe(`the summer of 1991, when China was at +09:00, in ${store.name}`, () => {
    let ingest: Ingest;
    let reader: BarsReader;

    beforeAll(async () => {
      ingest = await openIngest(store);
      reader = barsReader(ingest);
      await ingest.lists.ingest(request('code,exchange,name', '600601,SSE,延中实业\n600602,SSE,飞乐音响'));
    }, LONG_MS);
    afterAll(() => ingest.stop());

    it('stamps daily bars with the offset of their season', async () => {
      const days = ['1991-04-12', '1991-04-15', '1991-07-01', '1991-09-13', '1991-09-16', '2024-07-01'];
      const lines = days.map((day, index) => `600601,SSE,${day},${VALUES},${index + 1}`);
      const report = await ingest.bars.ingest(
        request('code,exchange,date,open,high,low,close,volume', lines.join('\n')),
      );
      expect(report).toMatchObject({ inserted: 6, failed: 0 });
      const zones = ['+08:00', '+09:00', '+09:00', '+09:00', '+08:00', '+08:00'];
      const stamps = days.map((day, index) => `${day}T00:00:00${zones[index] ?? ''}`);
      const answer = await reader.page({ symbol: '600601.SH' });
      expect(answer.bars.map(({ t }) => t)).toEqual(stamps);
      expect(answer.meta['as_of']).toBe(stamps.at(-1));
      const summer = await reader.page({ symbol: '600601.SH', start: '1991-07-01', end: '1991-09-13' });
      expect(summer.bars.map(({ t }) => t)).toEqual(stamps.slice(2, 4));
      expect(summer.meta['as_of']).toBe(stamps[3]);
      const weeks = await reader.page({ symbol: '600601.SH', timeframe: '1Week' });
      expect(weeks.bars.map(({ t }) => t)).toEqual(stamps);
    });

    it('reads one minute from every way to write it, and announces and answers it with +09:00', async () => {
      ingest.bus.published.length = 0;
      const same = ['1991-07-01T09:31:00+09:00', '1991-07-01T08:31:00+08:00', '1991-07-01T00:31:00Z'];
      for (const [index, t] of same.entries()) {
        const body = `600602,SSE,${t},${VALUES},${index + 1}`;
        const options = { timeframe: '1Min' } as const;
        const report = await ingest.bars.ingest(request('code,exchange,t,open,high,low,close,volume', body, options));
        expect(report).toMatchObject({ failed: 0, inserted: index === 0 ? 1 : 0, updated: index === 0 ? 0 : 1 });
      }
      const stamp = '1991-07-01T09:31:00+09:00';
      expect(ingest.changes().map(({ bar, from }) => [bar.t, from])).toEqual(same.map(() => [stamp, '1991-07-01']));
      for (const end of [undefined, stamp, '1991-07-01T00:31:00Z']) {
        const { bars } = await reader.page({
          symbol: '600602.SH',
          timeframe: '1Min',
          ...(end === undefined ? {} : { end }),
        });
        expect(bars.map(({ t, v }) => [t, v])).toEqual([[stamp, 3]]);
      }
      const { bars } = await reader.page({ symbol: '600602.SH', timeframe: '5Min' });
      expect(bars.map(({ t }) => t)).toEqual(['1991-07-01T09:35:00+09:00']);
    });

    it('takes midnight with +08:00 for the mark of a daily bar', async () => {
      const body = `600602,SSE,1991-07-02T00:00:00+08:00,${VALUES},1`;
      expect(await ingest.bars.ingest(request('code,exchange,t,open,high,low,close,volume', body))).toMatchObject({
        inserted: 1,
      });
      const { bars } = await reader.page({ symbol: '600602.SH', start: '1991-07-02' });
      expect(bars.map(({ t }) => t)).toEqual(['1991-07-02T00:00:00+09:00']);
    });

    it('answers a quote with +09:00', async () => {
      const nowMs = Date.parse('1991-07-01T10:00:05+09:00');
      const quotes = new QuotesService(ingest.directory, ingest.store.quotes, ingest.once, { now: () => nowMs });
      const given = { symbol: '600601.SH', t: '1991-07-01T01:00:00Z', last: 10 };
      expect(await quotes.record({ quotes: [given] })).toMatchObject({ inserted: 1 });
      const { body } = await quotes.latest({ symbols: ['600601.SH'] });
      const t: unknown = expect.stringMatching(/^1991-07-01T10:00:00\.0+\+09:00$/);
      expect(JSON.parse(body.toString())).toMatchObject({ quotes: { '600601.SH': { t } }, meta: { as_of: t } });
      expect(ingest.bus.published.at(-1)?.payload).toMatchObject({ quote: { t } });
    });
  });
}
