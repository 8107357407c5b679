import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addRemarks, type IngestRemarks, type IngestReport } from '@mystocks/contracts';
import { barsReader, type BarsReader } from '../../test/bars-reader.js';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

const HEADER = 'code,exchange,date,open,high,low,close,volume,amount';
const line = (day: string, close: string, amount = '1000'): string =>
  `600519,SSE,${day},10,11,9.5,${close},100,${amount}`;

/** Number of the first line of a block, and its text. */
type Given = readonly [number, string];

const upper: Given = [2, [line('2024-06-13', '9.6'), line('2024-06-14', '9.7')].join('\n')];
const middle: Given = [102, line('2024-06-14', '9.8')];
const lower: Given = [202, [line('2024-06-14', '9.9'), line('2024-06-17', '10')].join('\n')];
const FILE = [upper, middle, lower];
const LAST = [9.6, 9.9, 10];

/** Files that contradict themselves across blocks, sent more than once. */
export function itChangesNothingWhenSentAgain(store: TimeseriesStore): void {
  describe(`a file that contradicts itself and is sent again, in ${store.name}`, () => {
    let ingest: Ingest;
    let reader: BarsReader;
    let files = 0;
    beforeAll(async () => {
      ingest = await openIngest(store);
      reader = barsReader(ingest);
      await ingest.bars.ingest(request(HEADER, line('2024-06-13', '10')));
    }, 60_000);
    afterAll(() => ingest.stop());
    beforeEach(() => ingest.empty());

    const closes = async (): Promise<number[]> => (await reader.page({ symbol: '600519.SH' })).bars.map(({ c }) => c);
    const load = (): string => `file-${String(files)}`;
    const put = ([first_line, body]: Given, more: { idempotency_key?: string } = {}): Promise<IngestReport> =>
      ingest.bars.ingest(request(HEADER, body, { first_line, load: load(), ends_load: true, ...more }));
    const end = (more: { idempotency_key?: string; broken_off?: true } = {}): Promise<IngestReport> =>
      ingest.ends.end({ load: load(), ...more }, 'market-data');
    /** Sends blocks as a new file; `check` runs behind every block. */
    const send = async (blocks: readonly Given[], check?: () => Promise<void>) => {
      files += 1;
      ingest.bus.published.length = 0;
      const reports: IngestReport[] = [];
      for (const block of blocks) {
        reports.push(await put(block));
        await check?.();
      }
      return sumOf([...reports, await end()]);
    };
    const sumOf = (reports: readonly IngestReport[]) => ({
      inserted: reports.reduce((sum, { inserted }) => sum + inserted, 0),
      updated: reports.reduce((sum, { updated }) => sum + updated, 0),
      superseded: reports.reduce<IngestRemarks>(addRemarks, {}).superseded,
      events: ingest.changes().length,
    });
    const superseded = {
      count: 2,
      lines: [
        { line: 3, by: 102 },
        { line: 102, by: 202 },
      ],
    };
    const unchanged = { inserted: 0, updated: 0, superseded, events: 0 };
    const standsStill = async (): Promise<void> => {
      expect(await closes()).toEqual(LAST);
    };

    it.each<[string, Given[], Given[]]>([
      ['from the top and again from the top', FILE, FILE],
      ['from the top and again from the bottom', FILE, FILE.toReversed()],
      ['from the bottom and again from the top', FILE.toReversed(), FILE],
      ['the middle last and again from the top', [lower, upper, middle], FILE],
    ])('changes nothing, not even for a moment, when it is stored %s', async (_, first, again) => {
      await send(first);
      expect(await closes()).toEqual(LAST);
      for (let times = 1; times <= 3; times += 1) expect(await send(again, standsStill)).toEqual(unchanged);
      expect(await closes()).toEqual(LAST);
    });

    it('changes nothing when its blocks are stored at the same time', async () => {
      await send(FILE);
      for (let times = 1; times <= 4; times += 1) {
        files += 1;
        ingest.bus.published.length = 0;
        const reports = await Promise.all([...FILE, upper].map((block) => put(block)));
        expect({ ...sumOf([...reports, await end()]), superseded }).toEqual(unchanged);
        expect(await closes()).toEqual(LAST);
      }
    });

    it('changes nothing when its blocks are cut at other lines', async () => {
      const whole: Given = [2, [line('2024-06-13', '9.6'), line('2024-06-13', '9.7')].join('\n')];
      await send([whole, [4, line('2024-06-14', '10')]]);
      expect(await closes()).toEqual([9.7, 10]);
      const cut: Given[] = [
        [2, line('2024-06-13', '9.6')],
        [3, [line('2024-06-13', '9.7'), line('2024-06-14', '10')].join('\n')],
      ];
      expect(await send(cut)).toEqual({ ...unchanged, superseded: { count: 1, lines: [{ line: 2, by: 3 }] } });
    });

    it('changes nothing when a later line adds a value that the last one lacks', async () => {
      const blocks: Given[] = [
        [2, line('2024-06-14', '9.7', '970')],
        [102, line('2024-06-14', '9.8', '980')],
        [202, line('2024-06-14', '9.9', '')],
      ];
      const stands = async (): Promise<void> => {
        expect((await reader.page({ symbol: '600519.SH' })).bars).toMatchObject([{ c: 9.9, amt: 980 }]);
      };
      await send(blocks);
      const [first, second, third] = blocks as [Given, Given, Given];
      for (const order of [blocks, blocks.toReversed(), [third, first, second], [second, third, first]]) {
        expect(await send(order, stands)).toEqual({ ...unchanged, superseded: expect.anything() as unknown });
        await stands();
      }
    });

    it('stores the earlier value when the later line is gone', async () => {
      await send(FILE);
      expect(await send([upper], standsStill)).toMatchObject({ inserted: 0, updated: 1, events: 1 });
      expect(ingest.changes()).toMatchObject([{ from: '2024-06-14', to: '2024-06-14', bar: { c: 9.7 } }]);
      expect(await closes()).toEqual([9.6, 9.7, 10]);
    });

    it('stores the last of the lines that are left', async () => {
      await send(FILE);
      expect(await send([upper, middle], standsStill)).toMatchObject({ inserted: 0, updated: 1, events: 1 });
      expect(await closes()).toEqual([9.6, 9.8, 10]);
    });

    it('stores a last line that has another value once', async () => {
      await send(FILE);
      const other: Given = [202, line('2024-06-14', '10.1')];
      expect(await send([upper, middle, other], standsStill)).toEqual({ ...unchanged, updated: 1, events: 1 });
      expect(await closes()).toEqual([9.6, 10.1, 10]);
    });

    it('stores everything again when the bars are gone', async () => {
      await send(FILE);
      await ingest.store.empty();
      expect(await send(FILE)).toMatchObject({ inserted: 3, updated: 0, superseded });
      expect(await closes()).toEqual(LAST);
    });

    it('leaves a bar to a later block that was stored without knowing of the contradiction', async () => {
      await send(FILE);
      files += 1;
      await put(upper);
      await ingest.pool.write((client) => client.query('DELETE FROM market_data.contradicted_bars'));
      await put([202, line('2024-06-14', '10.2')]);
      await end();
      expect(await closes()).toEqual([9.6, 10.2, 10]);
    });

    it('stores every block at once for a sender that does not end its loads', async () => {
      await send(FILE);
      files += 1;
      const [first_line, body] = upper;
      const report = await ingest.bars.ingest(request(HEADER, body, { first_line, load: load() }));
      expect([report.updated, report.withheld]).toEqual([1, undefined]);
      expect(await closes()).toEqual([9.6, 9.7, 10]);
    });

    it('counts a block that is sent again once, and an end that is sent again', async () => {
      await send(FILE);
      files += 1;
      const reports = [await put(upper), await put(upper), await end(), await end()];
      expect(sumOf(reports)).toMatchObject({ inserted: 0, updated: 1 });
      expect(reports.map(({ withheld }) => withheld)).toEqual([1, 1, undefined, undefined]);
      expect(await closes()).toEqual([9.6, 9.7, 10]);
    });

    it('answers the same to an end that is sent again under its key', async () => {
      await send(FILE);
      files += 1;
      const key = { idempotency_key: `key-${String(files)}` };
      await put(upper, key);
      const first = await end(key);
      await put(upper, key);
      // The position is that of the last commit.
      expect(await end(key)).toEqual({ ...first, replayed: true, lsn: expect.anything() as unknown });
      expect(first.updated).toBe(1);
    });

    it('goes on under its key behind an end that came too early', async () => {
      await send(FILE);
      files += 1;
      const key = { idempotency_key: `key-${String(files)}` };
      await put(upper, key);
      await end({ broken_off: true });
      expect(await closes()).toEqual([9.6, 9.7, 10]);
      for (const block of FILE) await put(block, key);
      await end(key);
      expect(await closes()).toEqual(LAST);
    });

    it('leaves its bars to the file that was sent again when the first one breaks off behind it', async () => {
      await send(FILE);
      files += 1;
      await put(upper);
      const brokenOff = { load: load(), broken_off: true };
      expect(await send(FILE)).toEqual(unchanged);
      await ingest.ends.end(brokenOff, 'market-data');
      expect(await closes()).toEqual(LAST);
    });

    it('knows minute bars as well', async () => {
      const header = 'code,exchange,date,time,open,high,low,close,volume,amount';
      const minute = (close: string): string => `600519,SSE,2024-06-14,09:31,10,11,9.5,${close},100,1000`;
      for (const times of [1, 2]) {
        files += 1;
        ingest.bus.published.length = 0;
        const reports: IngestReport[] = [];
        for (const [first_line, close] of [
          [2, '10'],
          [102, '10.5'],
        ] as const) {
          const more = { first_line, load: load(), ends_load: true, timeframe: '1Min' } as const;
          reports.push(await ingest.bars.ingest(request(header, minute(close), more)));
        }
        reports.push(await end());
        expect(sumOf(reports)).toMatchObject(times === 1 ? { inserted: 1, updated: 1 } : { inserted: 0, updated: 0 });
        expect(ingest.changes()).toHaveLength(times === 1 ? 2 : 0);
      }
      const { bars } = await reader.page({ symbol: '600519.SH', timeframe: '1Min' });
      expect(bars).toMatchObject([{ t: '2024-06-14T09:31:00+08:00', c: 10.5 }]);
    });
  });
}
