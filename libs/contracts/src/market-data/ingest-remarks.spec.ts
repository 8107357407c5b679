import { describe, expect, it } from '@jest/globals';
import { addRemarks, remarksOf, SUPERSEDED_LINES_MAX } from './ingest-remarks.js';
import type { IngestRemarks } from './ingest.contract.js';

const partOf = (block: number): IngestRemarks => {
  const first = block * 1_000;
  const lines = Array.from({ length: 600 }, (_, n) => ({ line: first + n, by: first + n + 5_000 }));
  const warning = { kind: 'lots', count: 30, lines: lines.slice(0, 20).map(({ line }) => line) };
  return {
    dialect: 'tushare',
    rounded: block,
    superseded: { count: 600, lines },
    warnings: [{ ...warning, message: `Volumes from line ${first} on look like lots` }],
  };
};

describe('the remarks of a report', () => {
  it('the remarks of a report are absent where there is nothing to say', () => {
    expect(remarksOf({ rounded: 0, superseded: { count: 0, lines: [] }, warnings: [] })).toEqual({});
    expect(addRemarks({}, {})).toEqual({});
  });

  it('the remarks of a report are added up to the same sum in whatever order the blocks of a file end', () => {
    const parts = [1, 2, 3, 4].map(partOf);
    const sumOf = (order: IngestRemarks[]): IngestRemarks => order.reduce(addRemarks, {});
    const inOrder = sumOf(parts);
    expect(sumOf(parts.toReversed())).toEqual(inOrder);
    expect(inOrder).toMatchObject({ dialect: 'tushare', rounded: 10, superseded: { count: 2_400 } });
    expect(inOrder.superseded?.lines).toHaveLength(SUPERSEDED_LINES_MAX);
    expect(inOrder.superseded?.lines.slice(599, 601)).toEqual([
      { line: 1_599, by: 6_599 },
      { line: 2_000, by: 7_000 },
    ]);
    expect(inOrder.warnings).toEqual([
      { ...partOf(1).warnings?.[0], count: 120, message: 'Volumes from line 1000 on look like lots' },
    ]);
  });

  it('the remarks of a report name the nearest of several lines that replaced a line, and list each line once', () => {
    const far = { superseded: { count: 1, lines: [{ line: 3, by: 90 }] } };
    const near = {
      superseded: {
        count: 1,
        lines: [
          { line: 3, by: 40 },
          { line: 40, by: 90 },
        ],
      },
    };
    const sum = { superseded: { count: 2, lines: near.superseded.lines } };
    expect(addRemarks(far, near)).toEqual(sum);
    expect(addRemarks(near, far)).toEqual(sum);
  });

  it('the remarks of a report keep warnings of different kinds apart', () => {
    const warning = { count: 1, lines: [2], message: 'odd' };
    const sum = addRemarks(
      { warnings: [{ ...warning, kind: 'lots' }] },
      { warnings: [{ ...warning, kind: 'amount' }] },
    );
    expect(sum.warnings?.map(({ kind }) => kind)).toEqual(['amount', 'lots']);
  });
});
