import { existsSync } from 'node:fs';
import type { Quote, QuoteChanged } from '@mystocks/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dataLines, startMarket, storeDays, type Market } from '../../test/stored-market.js';
import { openQuotes, quoteAt, QUOTES_NOW as NOW, type OpenQuotes } from '../../test/open-quotes.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';
import type { IngestTransactions } from '../transactions/ingest-transactions.js';
import { recordedData } from '@mystocks/testing';

const columns = ['last', 'prev_close', 'open', 'high', 'low', 'v', 'amt', 'bids', 'asks'];
const nothing = Object.fromEntries(columns.map((column) => [column, null]));

/** Quotes that writers bring, and what is answered of them. */
export function itKeepsQuotes(store: TimeseriesStore): void {
  describe(`a store of quotes: ${store.name}`, () => {
    let market: Market;
    let quotes: OpenQuotes;
    let nowMs = NOW;

    const at = quoteAt;
    const open = (transactions: IngestTransactions): OpenQuotes => openQuotes(market, () => nowMs, transactions);
    const statuses: OpenQuotes['statuses'] = (...given) => quotes.statuses(...given);
    const latest: OpenQuotes['latest'] = (...symbols) => quotes.latest(...symbols);
    const told = (): QuoteChanged[] => quotes.published();

    beforeAll(async () => {
      market = await startMarket(store);
      quotes = open(market.transactions);
      const rest = '8,100,,,1,0,1';
      const bar = (code: string, day: string, close: string): string => `${code},SSE,${day},8,9,7,${close},${rest}`;
      await storeDays(market, [
        bar('600000', '2022-05-30', '8.05'),
        bar('600000', '2022-05-31', '8.10'),
        bar('600001', '2022-05-31', '7.5'),
        '000001,SZSE,2022-05-31,8,9,7,8.5,8,100,5,,,1,0,1',
        'IDX000001,SSE,2022-05-31,8,9,7,8.5,8,100,5,,,1,0,',
      ]);
    }, 60_000);
    afterAll(() => market.stop());

    describe('quotes', () => {
      it('quotes are stored, numbered and told after the commit with what came in', async () => {
        const bids = [{ p: 8.09, s: 1_200 }];
        const report = await quotes.service.record({
          quotes: [at('01.250', { bids, v: 100, amt: 812.345678, symbol: 'sh600000' })],
        });
        expect(report).toMatchObject({ total: 1, inserted: 1, failed: 0, items: [{ line: 1, status: 201 }] });
        const quote = {
          symbol: '600000.SH',
          t: '2022-06-01T10:00:01.250+08:00',
          last: 8.1,
          bids,
          v: 100,
          amt: 812.345678,
        };
        expect(told()).toEqual([
          { quote: expect.objectContaining(quote), seq: 1, received_at_ms: NOW, lsn: report.lsn },
        ]);
        const { symbol, ...values } = quote;
        expect(await latest('600000')).toEqual({
          quotes: { [symbol]: { ...nothing, ...values, seq: 1 } },
          meta: { currency: 'CNY', source: 'stored', quality: 'live', as_of: quote.t },
        });
      });

      it('quotes are refused in their place in the batch, while the others are stored', async () => {
        const before = market.bus.published.length;
        const batch = [
          at('02'),
          at('02'),
          at('01.500'),
          at('03', { symbol: '999999.SH' }),
          at('03', { symbol: '000001' }),
          at('03', { high: 1, low: 2 }),
          { ...at('03'), t: '2022-06-03T10:00:00+08:00' },
          at('03', { symbol: '600001.SH' }),
          at('04', { last: 8.2 }),
          at('04', { last: 8.3, v: 5 }),
          at('04', { last: 8.4, v: 4 }),
        ];
        const report = await quotes.service.record({ quotes: batch });
        expect(report.items.map(({ status }) => status)).toEqual([
          201, 200, 409, 404, 409, 422, 422, 201, 201, 201, 409,
        ]);
        expect(report.items[4]).toMatchObject({ line: 5, code: 1107 });
        expect(report).toMatchObject({ total: 11, inserted: 4, unchanged: 1, failed: 6 });
        expect(
          told()
            .slice(before)
            .map(({ quote: { symbol, last }, seq }) => [symbol, last, seq]),
        ).toEqual([
          ['600000.SH', 8.1, 2],
          ['600001.SH', 8.1, 1],
          ['600000.SH', 8.2, 3],
          ['600000.SH', 8.3, 4],
        ]);
      });

      it('quotes are the same again however often they come, by their decimals', async () => {
        const quote = at('05', {
          last: 0.1,
          prev_close: 0.000001,
          amt: 123456789.123456,
          asks: [{ p: 8.2, s: 0 }],
          simulated: true,
        });
        expect(await statuses(quote)).toEqual([201]);
        expect(await statuses(quote, quote)).toEqual([200, 200]);
        expect(await statuses({ ...quote, t: at('04').t })).toEqual([409]);
        expect((await latest('600000.SH', '600001.SH')).meta).toMatchObject({ quality: 'simulated' });
      });

      it('quotes get every number once when writers meet, also on the first of all', async () => {
        await storeDays(market, ['600002,SSE,2022-05-31,8,9,7,8,8,100,,,,1,0,1']);
        const seconds = ['06', '07', '08', '09', '10', '11', '12', '13'];
        const all = await Promise.all(
          seconds.map((second) => statuses(at(second, { symbol: '600002.SH' })).then(([status]) => status)),
        );
        const seqs = await market.store.history('600002.SH');
        expect(seqs).toEqual(seqs.map((_, index) => index + 1));
        expect(seqs).toHaveLength(all.filter((status) => status === 201).length);
        expect((await latest('600002.SH')).quotes).toMatchObject({
          '600002.SH': { t: '2022-06-01T10:00:13.000+08:00' },
        });
      });

      it('quotes are new again when their transaction failed after they were stored', async () => {
        const run: IngestTransactions['run'] = (work) =>
          market.transactions.run(async (transaction) => {
            await work(transaction);
            throw new Error('the power is gone');
          });
        const broken = open({ run } as IngestTransactions).service;
        await storeDays(market, ['600003,SSE,2022-05-31,8,9,7,8,8,100,,,,1,0,1']);
        const of = (second: string): Quote => at(second, { symbol: '600003.SH' });
        expect(await statuses(of('01'))).toEqual([201]);
        const before = market.bus.published.length;
        await expect(broken.record({ quotes: [of('02'), of('03')] })).rejects.toThrow('the power is gone');
        expect(market.bus.published).toHaveLength(before);
        expect(await statuses(of('02'), of('03'))).toEqual([201, 201]);
        await expect(broken.record({ quotes: [of('04')] })).rejects.toThrow('the power is gone');
        expect(await statuses(of('05'), of('04'))).toEqual([201, 409]);
        expect(
          told()
            .slice(before)
            .map(({ seq }) => seq),
        ).toEqual([2, 3, 4]);
        expect((await latest('600003.SH')).quotes).toMatchObject({ '600003.SH': { seq: 4 } });
        await expect(broken.record({ quotes: [{ ...of('05'), v: 7 }] })).rejects.toThrow('the power is gone');
        expect(await statuses({ ...of('05'), v: 6 })).toEqual([201]);
        expect((await latest('600003.SH')).quotes).toMatchObject({ '600003.SH': { v: 6, seq: 5 } });
      });

      it('quotes leave out what is not known but name it, and say how long the answer lives', async () => {
        const answer = await quotes.service.latest({ symbols: ['999999.SH', '000001.SZ'] });
        expect(answer.body.toString()).toBe(
          '{"quotes":{},"meta":{"errors":[{"symbol":"999999.SH","code":2101,"message":"There is no instrument 999999.SH"}],"currency":"CNY","source":"stored","quality":null,"as_of":null}}',
        );
        expect(answer).toMatchObject({ tags: ['quote:000001.SZ', 'instruments'], ttl_ms: 3_000 });
        expect(answer.body.subarray(answer.quality_at).toString()).toBe('null,"as_of":null}}');
        nowMs = Date.parse('2022-06-01T11:29:59.500+08:00');
        expect((await quotes.service.latest({ symbols: ['600000.SH'] })).ttl_ms).toBe(500);
        nowMs = NOW;
      });

      it('quotes come with the newest two daily bars and the phase in a snapshot', async () => {
        const answer = await quotes.service.snapshots({ symbols: ['600000.SH', '000001.SZ'] });
        expect(answer.tags).toEqual(['600000.SH', 'quote:600000.SH', '000001.SZ', 'quote:000001.SZ']);
        expect(answer.body.subarray(answer.quality_at).toString()).toMatch(/^"simulated","as_of":"[^"]+"\}\}$/);
        const read = JSON.parse(answer.body.toString()) as unknown;
        expect(read).toMatchObject({
          snapshots: {
            '600000.SH': {
              latest_quote: { seq: 5 },
              daily_bar: { t: '2022-05-31T00:00:00+08:00', c: 8.1, amt: null },
              prev_daily_bar: { t: '2022-05-30T00:00:00+08:00' },
              phase: 'continuous',
            },
            '000001.SZ': { latest_quote: null, daily_bar: { amt: 5 }, prev_daily_bar: null, phase: 'continuous' },
          },
        });
      });
    });

    const title = 'recorded ticks (skipped where the recorded data are not there)';
    (existsSync(recordedData) ? describe : describe.skip)(title, () => {
      it(`${store.name} are all stored in batches of 1,000, and the last one is held`, async () => {
        const rows = dataLines('cn_tick_l2_20220601_szse.csv.gz').map((line) => line.split(','));
        const codes = [...new Set(rows.map(([code = '']) => code))];
        await storeDays(
          market,
          codes.map((code) => `${code},SZSE,2022-05-31,8,9,7,8,8,100,,,,1,0,1`),
        );
        nowMs = Date.parse('2022-06-01T15:10:00+08:00');
        const price = (text: string | undefined): number | undefined => (Number(text) === 0 ? undefined : Number(text));
        const ticks = rows.map(([code = '', , time = '', prev, open, high, low, last, v, amt]): Quote => {
          const values = {
            last: price(last),
            prev_close: price(prev),
            open: price(open),
            high: price(high),
            low: price(low),
          };
          const known = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
          return {
            symbol: `${code}.SZ`,
            t: `${time.replace(' ', 'T')}+08:00`,
            ...known,
            v: Number(v),
            amt: Number(amt),
          };
        });
        let stored = 0;
        for (let from = 0; from < ticks.length; from += 1_000) {
          const report = await quotes.service.record({ quotes: ticks.slice(from, from + 1_000) });
          stored += report.inserted;
          expect(report.failed).toBe(0);
        }
        expect(stored).toBe(ticks.length);
        for (const code of codes) {
          const { symbol, t, ...last } = ticks.findLast((tick) => tick.symbol === `${code}.SZ`)!;
          expect((await latest(symbol)).quotes[symbol]).toMatchObject({
            ...last,
            t: expect.stringContaining(t.slice(0, 19)),
          });
        }
      }, 60_000);
    });
  });
}
