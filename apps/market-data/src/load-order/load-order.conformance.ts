import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addRemarks, type IngestRemarks, type IngestReport } from '@mystocks/contracts';
import { newContext, withContext } from '@mystocks/telemetry';
import { waitFor } from '@mystocks/testing';
import { barsReader, type BarsReader } from '../../test/bars-reader.js';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

const HEADER = 'code,exchange,date,open,high,low,close,volume';
const line = (day: string, close: string): string => `600519,SSE,${day},10,11,9.5,${close},100`;

/** Number of the first line of a block, and its text. */
type Given = readonly [number, string];

/** Blocks of one file that give the same bars, stored at the same time and in any order. */
export function itKeepsTheOrderOfAFile(store: TimeseriesStore): void {
  describe(`the blocks of a file in ${store.name}`, () => {
    let ingest: Ingest;
    let reader: BarsReader;
    let files = 0;
    beforeAll(async () => {
      ingest = await openIngest(store);
      reader = barsReader(ingest);
      await ingest.bars.ingest(request(HEADER, line('2024-06-13', '10')));
    }, 60_000);
    afterAll(() => ingest.stop());
    beforeEach(() => {
      files += 1;
      return ingest.empty();
    });

    const closes = async (): Promise<number[]> => (await reader.page({ symbol: '600519.SH' })).bars.map(({ c }) => c);
    const blockOf = (first_line: number, body: string) =>
      request(HEADER, body, { first_line, load: `file-${String(files)}` });
    const put = (first_line: number, body: string): Promise<IngestReport> =>
      ingest.bars.ingest(blockOf(first_line, body));
    const upper: Given = [2, [line('2024-06-13', '9.6'), line('2024-06-14', '9.7')].join('\n')];
    const middle: Given = [102, line('2024-06-14', '9.8')];
    const lower: Given = [202, [line('2024-06-14', '9.9'), line('2024-06-17', '10')].join('\n')];
    const superseded = {
      count: 2,
      lines: [
        { line: 3, by: 102 },
        { line: 102, by: 202 },
      ],
    };
    const remarksOf = (reports: readonly IngestReport[]): IngestRemarks => reports.reduce(addRemarks, {});

    it.each<[string, Given[]]>([
      ['from the top', [upper, middle, lower]],
      ['from the bottom', [lower, middle, upper]],
      ['the middle last', [lower, upper, middle]],
    ])(
      `the blocks of a file in ${store.name} end with the last line for each bar when they are stored %s`,
      async (_, order) => {
        const reports: IngestReport[] = [];
        for (const block of order) reports.push(await put(...block));
        expect(await closes()).toEqual([9.6, 9.9, 10]);
        expect(remarksOf(reports).superseded).toEqual(superseded);
        expect(reports.reduce((sum, { inserted, updated, unchanged }) => sum + inserted + updated + unchanged, 0)).toBe(
          5,
        );
      },
    );

    it(`the blocks of a file in ${store.name} end with the last line for each bar when they are stored at the same time, also where bars stood`, async () => {
      for (let times = 1; times <= 4; times += 1) {
        files += 1;
        const reports = await Promise.all([lower, middle, upper].map((block) => put(...block)));
        expect(await closes()).toEqual([9.6, 9.9, 10]);
        expect(remarksOf(reports).superseded).toEqual(superseded);
      }
    });

    it(`the blocks of a file in ${store.name} wait for a block further up that is claimed but not stored yet`, async () => {
      const read = await ingest.blocks.read(blockOf(...upper));
      await ingest.bars.order(read, 'market-data');
      let isStored = false;
      const waiting = put(...lower).finally(() => (isStored = true));
      const text = `SELECT FROM market_data.load_blocks WHERE load LIKE '% file-${String(files)}' AND first_line = 202`;
      await waitFor(async () => (await ingest.rows(text)).length > 0, { timeoutMs: 5_000 });
      expect(await closes()).toEqual([]);
      expect(isStored).toBe(false);
      await put(...upper);
      expect(await waiting).toMatchObject({ inserted: 1, updated: 1, superseded: { lines: [{ line: 3, by: 202 }] } });
      expect(await closes()).toEqual([9.6, 9.9, 10]);
    });

    it(`the blocks of a file in ${store.name} stay as they are when a block is stored a second time, behind one that replaced its bars`, async () => {
      await put(...upper);
      await put(...lower);
      const again = await put(...upper);
      expect(again).toMatchObject({ total: 2, inserted: 0, updated: 0, unchanged: 2 });
      expect(await closes()).toEqual([9.6, 9.9, 10]);
    });

    it(`the blocks of a file in ${store.name} are not waited for when they are sent again under a key that outlived their claims`, async () => {
      const keyed = ([firstLine, body]: Given): Promise<IngestReport> =>
        withContext({ ...newContext(), deadlineMs: Date.now() + 5_000 }, () =>
          ingest.bars.ingest({ ...blockOf(firstLine, body), idempotency_key: `key-${String(files)}` }),
        );
      for (const block of [upper, lower]) expect((await keyed(block)).replayed).toBeUndefined();
      await ingest.pool.write((client) =>
        client.query(`UPDATE market_data.load_blocks SET created_at = now() - interval '47.5 hours'`),
      );
      for (const block of [upper, lower]) expect((await keyed(block)).replayed).toBe(true);
      expect(await closes()).toEqual([9.6, 9.9, 10]);
    });

    it(`the blocks of a file in ${store.name} are stored once each when every block comes to two callers at the same time`, async () => {
      const blocks = [upper, upper, lower, lower, middle, middle];
      await Promise.all(blocks.map((block) => put(...block)));
      expect(await closes()).toEqual([9.6, 9.9, 10]);
    });

    it(`the blocks of a file in ${store.name} drop a row of which another block has a later line, and leave it to that block`, async () => {
      await put(...lower);
      const report = await put(...middle);
      expect(report).toMatchObject({ total: 1, inserted: 0, updated: 0, unchanged: 1, failed: 0 });
      expect(report.superseded).toEqual({ count: 1, lines: [{ line: 102, by: 202 }] });
      expect(await closes()).toEqual([9.9, 10]);
    });

    describe('with values that lines may lack', () => {
      const MORE = `${HEADER},amount,pre_close,adj_factor,trade_status`;
      const blocks: Given[] = [
        [2, `${line('2024-06-14', '9.7')},970,9.1,1.1,1`],
        [102, `${line('2024-06-14', '9.8')},980,,1.2,`],
        [202, `${line('2024-06-14', '9.9')},,9.3,,`],
      ];
      const orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
      ];
      const putMore = (at: number): Promise<IngestReport> => {
        const [first_line, body] = blocks[at] as Given;
        return ingest.bars.ingest(request(MORE, body, { first_line, load: `file-${String(files)}` }));
      };
      const isLast = { t: '2024-06-14T00:00:00+08:00', c: 9.9, amt: 980 };

      it.each(orders)(
        'bars with values that lines may lack keep the last one that a line gives, in whatever order they come: %i, %i, %i',
        async (...order) => {
          for (const isStored of [false, true]) {
            files += 1;
            await ingest.empty();
            if (isStored) await ingest.bars.ingest(request(MORE, `${line('2024-06-14', '9')},900,9,1,0`));
            const reports: IngestReport[] = [];
            for (const at of order) reports.push(await putMore(at));
            expect((await reader.page({ symbol: '600519.SH' })).bars).toMatchObject([isLast]);
            // The factor of line 102.
            const [adjusted] = (await reader.page({ symbol: '600519.SH', adjustment: 'hfq' })).bars;
            expect(adjusted?.c).toBeCloseTo(9.9 * 1.2, 6);
            if (store.name === 'PostgreSQL') {
              expect(
                await ingest.rows(
                  'SELECT pre_close::float8, adj_factor::float8, trade_status FROM market_data.bars_daily',
                ),
              ).toEqual([{ pre_close: 9.3, adj_factor: 1.2, trade_status: 1 }]);
            }
            for (const { total, inserted, updated, unchanged, failed } of reports) {
              expect(inserted + updated + unchanged + failed).toBe(total);
            }
          }
        },
      );

      it('announce the bar as it stands when a line further up adds a value to it', async () => {
        await putMore(2);
        ingest.bus.published.length = 0;
        expect(await putMore(1)).toMatchObject({ total: 1, inserted: 0, updated: 1, unchanged: 0 });
        expect(ingest.changes()).toMatchObject([
          { symbol: '600519.SH', timeframe: '1Day', bar: isLast, bars: [isLast] },
        ]);
        ingest.bus.published.length = 0;
        // Of what this line gives, later lines give all but the status.
        expect(await putMore(0)).toMatchObject({ updated: 1 });
        expect(ingest.changes()).toMatchObject([{ bar: isLast }]);
      });

      it('bars with values that lines may lack are the same for minute bars', async () => {
        const header = 'code,exchange,date,time,open,high,low,close,volume,amount';
        const minutes: Given[] = [
          [2, '600519,SSE,2024-06-14,09:31,10,11,9.5,10,100,1000'],
          [102, '600519,SSE,2024-06-14,09:31,10,11,9.5,10.5,100,'],
        ];
        for (const [first_line, body] of minutes.toReversed()) {
          const load = `file-${String(files)}`;
          await ingest.bars.ingest(request(header, body, { first_line, load, timeframe: '1Min' }));
        }
        const { bars } = await reader.page({ symbol: '600519.SH', timeframe: '1Min' });
        expect(bars).toMatchObject([{ t: '2024-06-14T09:31:00+08:00', c: 10.5, amt: 1_000 }]);
      });
    });

    it(`the blocks of a file in ${store.name} know nothing of the blocks of another file`, async () => {
      await put(...lower);
      files += 1;
      const report = await put(...upper);
      expect(report.superseded).toBeUndefined();
      expect(await closes()).toEqual([9.6, 9.7, 10]);
    });
  });
}
