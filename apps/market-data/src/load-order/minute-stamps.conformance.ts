import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addRemarks, type IngestRemarks, type IngestReport, type StoredTimeframe } from '@mystocks/contracts';
import { barsReader, type BarsReader } from '../../test/bars-reader.js';
import { openIngest, request, type Ingest } from '../../test/open-ingest.js';
import type { TimeseriesStore } from '../../test/timeseries-stores.js';

const HEADER = 'code,exchange,date,time,open,high,low,close,volume';
/** The ends of the bars of a day. */
const endsOf = (frame: number): number[] =>
  [...Array(240 / frame).keys()].map((bar) => 570 + (bar + 1) * frame + (bar < 120 / frame ? 0 : 90));
const startsOf = (frame: number): number[] => endsOf(frame).map((minute) => minute - frame);
const clock = (minute: number): string =>
  [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
const minuteLine = (code: string, day: string, minute: number): string =>
  `${code},SSE,${day},${clock(minute)},10,11,9.5,10,100`;
const byTime = (minutes: readonly number[]): string[] =>
  minutes.flatMap((minute) => ['600519', '600520'].map((code) => minuteLine(code, '2024-06-13', minute)));
const byStock = (minutes: readonly number[]): string[] =>
  ['2024-06-13', '2024-06-14'].flatMap((day) => minutes.map((minute) => minuteLine('600519', day, minute)));
const linesOf = (reports: readonly IngestReport[]): (number | undefined)[] =>
  reports.flatMap(({ items }) => items.map(({ line }) => line));
const remarksOf = (reports: readonly IngestReport[]): IngestRemarks => reports.reduce(addRemarks, {});

interface FileOptions {
  readonly frame: number;
  readonly blockLines: number;
  readonly stamps?: 'start';
  /** The blocks come one after the other. */
  readonly inTurn?: boolean;
}

/** What the stamps of minute bars in one block of a file say of its other blocks. */
export function itJudgesMinuteStamps(store: TimeseriesStore): void {
  describe(`the minute bars of a file of many blocks in ${store.name}`, () => {
    let ingest: Ingest;
    let reader: BarsReader;
    let files = 0;
    beforeAll(async () => {
      ingest = await openIngest(store);
      reader = barsReader(ingest);
      const header = 'code,exchange,date,open,high,low,close,volume';
      const lines = ['600519', '600520'].map((code) => `${code},SSE,2024-06-13,10,11,9.5,10,100`);
      await ingest.bars.ingest(request(header, lines.join('\n')));
    }, 60_000);
    afterAll(() => ingest.stop());
    beforeEach(() => {
      files += 1;
      return ingest.empty();
    });

    /** The first block is stored alone. */
    const putAll = async (lines: readonly string[], options: FileOptions): Promise<IngestReport[]> => {
      const { frame, blockLines, stamps, inTurn } = options;
      const blocks = [...Array(Math.ceil(lines.length / blockLines)).keys()].map((block) =>
        request(HEADER, lines.slice(block * blockLines, (block + 1) * blockLines).join('\n'), {
          first_line: block * blockLines + 2,
          load: `file-${String(files)}`,
          timeframe: `${String(frame)}Min` as StoredTimeframe,
          ...(stamps === undefined ? {} : { stamps }),
        }),
      );
      const alone = inTurn === true ? blocks.length : 1;
      const reports: IngestReport[] = [];
      for (const block of blocks.slice(0, alone)) reports.push(await ingest.bars.ingest(block));
      return [...reports, ...(await Promise.all(blocks.slice(alone).map((block) => ingest.bars.ingest(block))))];
    };
    const stored = async (frame: number): Promise<number> =>
      (await reader.page({ symbol: '600519.SH', timeframe: `${String(frame)}Min` as StoredTimeframe, limit: 1_000 }))
        .bars.length;

    it.each([
      ['of 5 minutes, sorted by time', byTime, { frame: 5, blockLines: 20 }],
      ['of 5 minutes, sorted by stock', byStock, { frame: 5, blockLines: 20 }],
      ['of 1 minute, sorted by time', byTime, { frame: 1, blockLines: 2 }],
      ['of 1 minute, sorted by time, many minutes a block', byTime, { frame: 1, blockLines: 50 }],
      ['of 1 minute, sorted by stock', byStock, { frame: 1, blockLines: 50 }],
    ])(
      `the minute bars of a file of many blocks in ${store.name} are not stored when the first block shows that they are stamped at their starts: %s`,
      async (_, sorted, file) => {
        const lines = sorted(startsOf(file.frame));
        const reports = await putAll(lines, file);
        expect(await stored(file.frame)).toBe(0);
        expect(linesOf(reports)).toEqual(lines.map((_line, at) => at + 2));
        for (const { total, failed, inserted, unchanged, items } of reports) {
          expect([failed, inserted, unchanged]).toEqual([total, 0, 0]);
          for (const { message } of items) expect(message).toContain('--stamps start');
        }
        expect(remarksOf(reports)).toEqual({ dialect: 'mystocks' });
      },
    );

    it.each([
      ['of 5 minutes, sorted by time', byTime, { frame: 5, blockLines: 20 }],
      ['of 5 minutes, sorted by stock', byStock, { frame: 5, blockLines: 20 }],
      ['of 1 minute, sorted by time', byTime, { frame: 1, blockLines: 50 }],
    ])(
      `the minute bars of a file of many blocks in ${store.name} are all stored when they are stamped at their ends: %s`,
      async (_, sorted, file) => {
        const lines = sorted(endsOf(file.frame));
        const reports = await putAll(lines, file);
        expect(reports.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(lines.length);
        expect(linesOf(reports)).toEqual([]);
        expect(remarksOf(reports)).toEqual({ dialect: 'mystocks' });
      },
    );

    it(`the minute bars of a file of many blocks in ${store.name} are stored with the rows of the opening auction, which have one price`, async () => {
      const auction = byTime([570]).map((line) => line.replace('10,11,9.5,10,100', '10,10,10.00,10,7'));
      const lines = [...auction, ...byTime(endsOf(1))];
      const reports = await putAll(lines, { frame: 1, blockLines: 2, inTurn: true });
      expect(reports.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(lines.length);
    });

    it(`the minute bars of a file of many blocks in ${store.name} are named by their lines when only a later block showed with stamps=start that they are stamped at their ends`, async () => {
      const auction = byStock([570]).map((line) => line.replace('10,11,9.5,10,100', '10,10,10.00,10,7'));
      const lines = [auction[0] ?? '', ...byStock(endsOf(1)).slice(0, 240)];
      const reports = await putAll(lines, { frame: 1, blockLines: 60, stamps: 'start', inTurn: true });
      expect(linesOf(reports)).toEqual(lines.slice(120).map((_line, at) => at + 122));
      expect(remarksOf(reports).warnings).toEqual([
        {
          ...{ kind: 'stamps', count: 120 },
          lines: lines.slice(0, 20).map((_line, at) => at + 2),
          message: expect.stringMatching(/a bar late.*without stamps=start/) as unknown as string,
        },
      ]);
    });

    it(`the minute bars of a file of many blocks in ${store.name} are named by their lines when they were stored before a later block showed how they are stamped`, async () => {
      // A file that begins at 11:00: nothing before 13:00 shows that these are not the ends of the bars.
      const lines = byTime(startsOf(1).slice(90));
      const reports = await putAll(lines, { frame: 1, blockLines: 20, inTurn: true });
      expect(linesOf(reports)).toEqual(lines.slice(60).map((_line, at) => at + 62));
      expect(remarksOf(reports).warnings).toEqual([
        {
          kind: 'stamps',
          count: 60,
          lines: lines.slice(0, 20).map((_line, at) => at + 2),
          message: expect.stringMatching(/a bar early.*--stamps start/) as unknown as string,
        },
      ]);
    });

    it(`the minute bars of a file of many blocks in ${store.name} are not named for a day of another kind behind days that are stamped at their ends`, async () => {
      const lines = [
        ...byStock(endsOf(1)),
        ...byStock(startsOf(1)).map((line) => line.replace(/600519,SSE,2024-06-13/, '600520,SSE,2024-06-13')),
      ];
      const reports = await putAll(lines, { frame: 1, blockLines: 240, inTurn: true });
      expect(linesOf(reports)).toHaveLength(480);
      expect(remarksOf(reports).warnings).toBeUndefined();
    });

    it(`the minute bars of a file of many blocks in ${store.name} are not stored once one shows with stamps=start that they are stamped at their ends`, async () => {
      const ends = endsOf(5);
      const lines = [...ends.slice(40), ...ends.slice(20, 32), ...ends.slice(20, 40)];
      const days = ['2024-06-13', '2024-06-14', '2024-06-17'];
      const dayOf = (at: number): string => days[at < 8 ? 0 : at < 20 ? 1 : 2] ?? '';
      const reports = await putAll(
        lines.map((minute, at) => minuteLine('600519', dayOf(at), minute)),
        { frame: 5, blockLines: 20, stamps: 'start' },
      );
      expect(await stored(5)).toBe(0);
      expect(linesOf(reports)).toEqual(lines.map((_line, at) => at + 2));
    });
  });
}
