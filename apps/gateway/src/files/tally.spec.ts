import { describe, expect, it } from '@jest/globals';
import type { IngestReport } from '@mystocks/contracts';
import { BatchTally, ITEMS_MAX } from './tally.js';

const report = (changes: Partial<IngestReport> = {}): IngestReport => ({
  total: 2,
  inserted: 2,
  updated: 0,
  unchanged: 0,
  failed: 0,
  items: [],
  ignored_columns: [],
  registered: [],
  took_ms: 1,
  ...changes,
});
const place = { firstIndex: 0, firstLine: 1, keepAll: true };
const refused = (line: number): IngestReport['items'][number] => ({ line, id: `l${line}`, status: 422 });

describe('the tally of a batch', () => {
  it('the tally of a batch is 200 when all lines were stored, 207 when some, 422 when none', () => {
    const tally = new BatchTally();
    tally.add(report(), place);
    expect(tally.status).toBe(200);
    tally.add(report({ inserted: 0, failed: 2 }), place);
    expect([tally.status, tally.stored]).toEqual([207, 2]);
    const none = new BatchTally();
    none.add(report({ inserted: 0, failed: 2 }), place);
    expect([none.status, none.stored]).toEqual([422, 0]);
  });

  it('tells the latest log position, in whatever order the blocks end', () => {
    const tally = new BatchTally();
    for (const lsn of ['0/5', '1/0', '0/FF']) tally.add(report({ lsn }), place);
    expect(tally.lsn).toBe('1/0');
  });

  it('puts items in the order of the input, under the numbers of the whole', () => {
    const tally = new BatchTally();
    tally.add(report({ failed: 1, items: [refused(12)] }), { firstIndex: 9, firstLine: 11, keepAll: false });
    tally.add(report({ failed: 1, items: [refused(3)] }), { firstIndex: 0, firstLine: 2, keepAll: false });
    expect(tally.document({ lines: true })['items']).toMatchObject([
      { index: 1, line: 3, error: { code: 1001, message: 'refused' } },
      { index: 10, line: 12 },
    ]);
    expect(JSON.stringify(tally.document({ lines: false })['items'])).not.toContain('"line"');
  });

  it('tells only the refused items where it was not told of all the stored ones', () => {
    const tally = new BatchTally();
    const stored = { line: 1, id: '600519.SH 2024-01-02', status: 201 };
    tally.add(report({ total: 1, inserted: 1, items: [stored] }), place);
    // A block behind a thousand blank lines.
    tally.add(report({ total: 2, inserted: 1, failed: 1, items: [refused(1_201)] }), {
      ...{ firstIndex: 1_199, firstLine: 1_200, keepAll: false },
    });
    expect(tally.document({ lines: true })['items']).toMatchObject([{ index: 1_200 }]);
  });

  it('tells a bounded number of failures, and says that there are more', () => {
    const tally = new BatchTally();
    const total = ITEMS_MAX + 5;
    const items = Array.from({ length: total }, (_, index) => refused(index + 1));
    tally.add(report({ total, inserted: 0, failed: total, items }), place);
    const document = tally.document({ lines: true });
    expect(document['items']).toHaveLength(ITEMS_MAX);
    expect(document['items_truncated']).toBe(true);
  });

  it('tells the same failures whichever block ends first, however many there are', () => {
    const blocks = Array.from({ length: 6 }, (_, block) => {
      const items = Array.from({ length: 700 }, (_item, n) => refused(block * 1_000 + n + 1));
      const firstLine = block * 1_000 + 1;
      return [
        report({ total: 1_000, inserted: 300, failed: 700, items, registered: [`s${block}`], took_ms: block }),
        { firstIndex: firstLine - 1, firstLine, keepAll: false },
      ] as const;
    });
    const documentOf = (order: typeof blocks): unknown => {
      const tally = new BatchTally();
      for (const [one, at] of order) tally.add(one, at);
      return tally.document({ lines: true });
    };
    const inOrder = documentOf(blocks);
    expect(documentOf(blocks.toReversed())).toEqual(inOrder);
    expect(documentOf([...blocks.slice(3), ...blocks.slice(0, 3)])).toEqual(inOrder);
    expect(inOrder).toMatchObject({
      took: 15,
      items_truncated: true,
      registered: ['s0', 's1', 's2', 's3', 's4', 's5'],
    });
  });

  it('says how the file was read, what was rounded, which lines were replaced and what looks odd', () => {
    const tally = new BatchTally();
    expect(tally.document({ lines: true })).toMatchObject({
      ...{ format: null, rounded: 0, superseded: { count: 0, lines: [] }, warnings: [] },
    });
    const warning = { kind: 'lots', message: 'volumes look like lots' };
    tally.add(report({ dialect: 'tushare', rounded: 2, warnings: [{ ...warning, count: 1, lines: [9] }] }), place);
    tally.add(report({ rounded: 1, superseded: { count: 1, lines: [{ line: 2, by: 9 }] } }), place);
    tally.add(report({ warnings: [{ ...warning, count: 2, lines: [3, 4] }] }), place);
    expect(tally.document({ lines: true })).toMatchObject({
      format: 'tushare',
      rounded: 3,
      superseded: { count: 1, lines: [{ line: 2, by: 9 }] },
      warnings: [{ ...warning, count: 3, lines: [3, 4, 9] }],
    });
  });

  it('the tally of a batch is a replay only when every report was', () => {
    const tally = new BatchTally();
    expect(tally.replayed).toBe(false);
    tally.add(report({ replayed: true }), place);
    expect(tally.replayed).toBe(true);
    tally.add(report(), place);
    expect(tally.replayed).toBe(false);
  });
});
