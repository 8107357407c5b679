import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { barsReader, type BarsReader, type WireBar } from '../../test/bars-reader.js';
import { aMarket, clock, expectedBars, FRAMES, type ModelMarket } from '../../test/frames-model.js';
import { caseLines, CASES, hasCases, openIngest, request, type Ingest } from '../../test/open-ingest.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

const MINUTES = 'code,exchange,date,time,open,high,low,close,volume,amount';
const DAYS = 'code,exchange,date,open,high,low,close,volume,amount';
const SYMBOL = '688981.SH';
const DAY = '2024-07-12';
const sum = (bars: readonly WireBar[]): number => bars.reduce((total, { v }) => total + v, 0);
const binned = { '1Min': 1, '5Min': 5, '15Min': 15, '30Min': 30, '60Min': 60 } as const;

/** Bars of one day that are stored in several frames, or in minutes only. */
export function itReadsFrames(store: TimeseriesStore): void {
  describe(`bars stored in several frames, in ${store.name}`, () => {
    let ingest: Ingest;
    let reader: BarsReader;
    const ends = (frame: number): number[] => [...Array(240 / frame).keys()].map((at) => (at + 1) * frame);
    const line = (end: number, values: string, day = DAY): string => `688981,SSE,${day},${clock(end)},${values}`;
    const load = async (frame: number, lines: readonly string[]): Promise<void> => {
      const timeframe = `${frame as 1}Min` as const;
      const report = await ingest.bars.ingest(request(MINUTES, lines.join('\n'), { timeframe }));
      expect(report).toMatchObject({ failed: 0 });
    };
    const loadDays = async (...lines: string[]): Promise<void> => {
      expect(await ingest.bars.ingest(request(DAYS, lines.join('\n')))).toMatchObject({ failed: 0 });
    };
    const minutesOf = (day = DAY): string[] => ends(1).map((end) => line(end, '10,10.2,9.9,10.1,10,100', day));
    const read = (timeframe: keyof typeof binned | '1Day' | '1Week' | '1Month') =>
      reader.page({ symbol: SYMBOL, timeframe });

    beforeAll(async () => {
      ingest = await openIngest(store);
      reader = barsReader(ingest);
    }, 60_000);
    afterAll(() => ingest.stop());
    beforeEach(() => ingest.empty());

    it.each([5, 15, 30, 60])(
      `bars stored in several frames, in ${store.name} keep the volume of all minutes in every frame beside one bar of %i minutes`,
      async (frame) => {
        await load(1, minutesOf());
        await load(frame, [line(120 + frame, `10,10.2,9.9,10.1,${10 * frame},${100 * frame}`)]);
        for (const [timeframe, minutes] of Object.entries(binned)) {
          const { bars, meta } = await read(timeframe as keyof typeof binned);
          expect(bars).toHaveLength(240 / minutes);
          expect(bars.every(({ v }) => v === 10 * minutes)).toBe(true);
          expect(meta).not.toHaveProperty('conflict');
        }
        expect((await read('1Day')).bars).toMatchObject([{ v: 2_400, o: 10, h: 10.2, l: 9.9, c: 10.1, amt: 24_000 }]);
      },
    );

    it(`bars stored in several frames, in ${store.name} answer with the coarser frame where both are complete, and with the more complete one where not`, async () => {
      await load(1, minutesOf());
      await load(
        5,
        ends(5).map((end) => line(end, '10,10.2,9.9,10.1,51,510')),
      );
      expect(sum((await read('15Min')).bars)).toBe(48 * 51);
      await ingest.empty();
      await load(1, minutesOf().slice(0, 100));
      await load(
        5,
        ends(5).map((end) => line(end, '10,10.2,9.9,10.1,50,500')),
      );
      expect(sum((await read('15Min')).bars)).toBe(2_400);
    });

    it(`bars stored in several frames, in ${store.name} take the hours that one frame lacks from another`, async () => {
      await load(1, minutesOf().slice(120));
      await load(
        5,
        ends(5)
          .slice(0, 24)
          .map((end) => line(end, '10,10.2,9.9,10.1,50,500')),
      );
      for (const timeframe of ['5Min', '15Min', '30Min', '60Min', '1Day', '1Week', '1Month'] as const) {
        expect(sum((await read(timeframe)).bars)).toBe(2_400);
      }
    });

    it(`bars stored in several frames, in ${store.name} take an hour from the frame that covers most of it, whatever frame covers more of the day`, async () => {
      const fives = ends(5).slice(0, 36);
      await load(
        5,
        [...fives, 185].map((end) => line(end, '10,10.2,9.9,10.1,50,500')),
      );
      await load(1, minutesOf().slice(180));
      for (const timeframe of ['5Min', '15Min', '60Min', '1Day'] as const) {
        expect(sum((await read(timeframe)).bars)).toBe(2_400);
      }
    });

    it(`bars stored in several frames, in ${store.name} do not count the row of the opening auction as a minute of the session`, async () => {
      await load(1, [line(-5, '10,10,10,10,7,70'), ...minutesOf()]);
      await load(
        60,
        ends(60).map((end) => line(end, '10,10.2,9.9,10.1,602,6020')),
      );
      expect(sum((await read('60Min')).bars)).toBe(4 * 602);
      expect((await read('5Min')).bars[0]).toMatchObject({ v: 57 });
    });

    it(`bars stored in several frames, in ${store.name} make days, weeks and months where no daily bar is stored, between those that are`, async () => {
      await load(1, minutesOf('2024-07-10'));
      await load(
        15,
        ends(15).map((end) => line(end, '10,10.2,9.9,10.1,150,', '2024-07-12')),
      );
      await loadDays('688981,SSE,2024-07-11,10,10.5,9.5,10.3,5000,50000');
      const { bars, meta } = await read('1Day');
      expect(bars.map(({ t, v, amt }) => [t.slice(0, 10), v, amt])).toEqual([
        ['2024-07-10', 2_400, 24_000],
        ['2024-07-11', 5_000, 50_000],
        ['2024-07-12', 2_400, null],
      ]);
      expect(meta).not.toHaveProperty('conflict');
      for (const timeframe of ['1Week', '1Month'] as const) {
        expect((await read(timeframe)).bars).toEqual([
          { t: '2024-07-12T00:00:00+08:00', o: 10, h: 10.5, l: 9.5, c: 10.1, v: 9_800, amt: null },
        ]);
      }
      const half = { symbol: SYMBOL, start: '2024-07-12', end: '2024-07-12' } as const;
      expect((await reader.page(half)).bars).toHaveLength(1);
      expect((await reader.page({ ...half, end: '2024-07-11', start: '2024-07-01' })).bars).toHaveLength(2);
    });

    it('flag a day as suspended when all its minutes are without trade', async () => {
      await load(
        1,
        ends(1).map((end) => line(end, '10,10,10,10,0,0')),
      );
      expect((await read('1Day')).bars).toMatchObject([{ c: 10, v: 0, suspended: true }]);
    });

    it.each([
      ['the coarser bar has less volume than its minutes', '10,10.2,9.9,10.1,49,500'],
      ['the coarser bar has more volume than all its minutes', '10,10.2,9.9,10.1,60,500'],
      ['a minute is higher than the coarser bar', '10,10.1,9.9,10.1,50,500'],
      ['a minute is lower than the coarser bar', '10,10.2,10,10.1,50,500'],
      ['no minute comes near the high of the coarser bar', '10,11,9.9,10.1,50,500'],
    ])(
      `bars stored in several frames, in ${store.name} say that frames contradict each other when %s`,
      async (_, values) => {
        await load(1, minutesOf());
        await load(5, [line(50, values)]);
        for (const timeframe of ['5Min', '15Min', '1Day'] as const) {
          expect((await read(timeframe)).meta).toMatchObject({ conflict: true });
        }
        expect((await read('1Min')).meta).not.toHaveProperty('conflict');
      },
    );

    it(`bars stored in several frames, in ${store.name} say that a daily bar contradicts its minutes, and do not where feeds differ as real ones do`, async () => {
      await load(1, minutesOf());
      await loadDays('688981,SSE,2024-07-12,10,10.22,9.89,10.11,2480,24800');
      expect((await read('1Day')).meta).not.toHaveProperty('conflict');
      await loadDays('688981,SSE,2024-07-12,10,10.22,9.89,10.11,1000,10000');
      for (const timeframe of ['1Day', '1Week', '1Month'] as const) {
        const { bars, meta } = await read(timeframe);
        expect(bars).toMatchObject([{ v: 1_000 }]);
        expect(meta).toMatchObject({ conflict: true });
      }
      for (const timeframe of ['1Min', '5Min', '15Min', '30Min', '60Min'] as const) {
        expect((await read(timeframe)).meta).toMatchObject({ conflict: true });
      }
      await load(
        5,
        ends(5).map((end) => line(end, '10,10.2,9.9,10.1,50,500')),
      );
      expect((await read('15Min')).meta).toMatchObject({ conflict: true });
      await loadDays('688981,SSE,2024-07-12,10,10.22,9.89,10.11,2480,24800');
      expect((await read('15Min')).meta).not.toHaveProperty('conflict');
    });

    it(`bars stored in several frames, in ${store.name} are those of a naive model, in every frame and page after page`, async () => {
      await fc.assert(
        fc.asyncProperty(aMarket, fc.constantFrom('asc' as const, 'desc' as const), async (market, sort) => {
          await ingest.empty();
          await storeModel(market);
          const days = expectedBars(market, undefined);
          for (const [timeframe, minutes] of Object.entries(binned)) {
            const expected = expectedBars(market, minutes);
            await expectPages({ timeframe: timeframe as keyof typeof binned, sort, limit: 13 }, expected);
          }
          const made = days.filter(({ t }) => !market.daily.includes(t.slice(0, 10)));
          const daily = market.daily.map((day) => ({ ...flat, t: `${day}T00:00:00+08:00` }));
          const all = [...made, ...daily].sort((a, b) => (a.t < b.t ? -1 : 1));
          await expectPages({ timeframe: '1Day', sort, limit: 2 }, all);
          const weeks = await reader.everyPage({ symbol: SYMBOL, timeframe: '1Week', sort, limit: 1 });
          expect(sum(weeks)).toBe(all.reduce((total, { v }) => total + v, 0));
        }),
        { numRuns: 8, seed: 20_240_712 },
      );
    }, 240_000);

    const flat = { o: 10, h: 11, l: 9, c: 10, v: 5_000 };
    async function storeModel({ bars, daily }: ModelMarket): Promise<void> {
      for (const frame of FRAMES) {
        const lines = bars
          .filter((one) => one.frame === frame)
          .map(({ end, price, volume, day }) => line(end, `${price},${price},${price},${price},${volume},`, day));
        if (lines.length > 0) await load(frame, lines);
      }
      if (daily.length > 0) await loadDays(...daily.map((day) => `688981,SSE,${day},10,11,9,10,5000,`));
    }

    async function expectPages(
      ask: { readonly timeframe: keyof typeof binned | '1Day'; readonly sort: 'asc' | 'desc'; readonly limit: number },
      expected: readonly Partial<WireBar>[],
    ): Promise<void> {
      const read = (await reader.everyPage({ symbol: SYMBOL, ...ask })).map(({ t, o, h, l, c, v }) => ({
        ...{ t, o, h, l, c, v },
      }));
      expect(ask.sort === 'asc' ? read : read.reverse()).toEqual(expected);
    }

    const title = 'of the cases are read as they say (skipped where the recorded cases are not there)';
    (hasCases ? it : it.skip)(title, async () => {
      const body = readFileSync(new URL('51-one-coarse-bar.ndjson', CASES)).toString();
      await ingest.bars.ingest({ ...request('', body), format: 'ndjson', first_line: 1 });
      expect((await read('5Min')).bars.map(({ v }) => v)).toEqual([5, 5]);
      expect((await read('15Min')).bars.map(({ v }) => v)).toEqual([10]);
      await ingest.bars.ingest(request(...caseLines('min15_only.csv'), { timeframe: '15Min' }));
      expect((await reader.page({ symbol: '609303.SH' })).bars).toEqual([
        { t: '2025-07-01T00:00:00+08:00', o: 10, h: 10.1, l: 9.9, c: 10, v: 1_600, amt: 16_000 },
      ]);
    });
  });
}
