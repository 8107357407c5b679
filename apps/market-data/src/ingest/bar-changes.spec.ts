import { LISTED_BARS_MAX } from '@mystocks/contracts';
import { describe, expect, it } from '@jest/globals';
import { changesOf, mergedChange, type BarChange } from './bar-changes.js';
import { barKey, BarRows } from './rows/bar-rows.js';

/** Rows of minute bars, each with its minute of the day, and its close. */
function rowsOf(given: readonly (readonly [instrument: number, minute: number, close: number])[]): BarRows {
  const rows = new BarRows(0);
  given.forEach(([instrument, minute, close], line) => {
    const text = `${instrument}\t1\tx\t1\t2\t1\t${close}\t100\t\\N\n`;
    rows.add(barKey(instrument, 1, 20180201, minute), line, rows.end + rows.room(text.length).write(text, rows.end));
  });
  return rows;
}
const all = (rows: BarRows): number[] => Array.from({ length: rows.size }, (_, row) => row);
const times = ({ bars }: BarChange): string[] | undefined => bars?.map(({ t, c }) => `${t.slice(11, 16)} ${c}`);

describe('changes of a block', () => {
  it('changes of a block list every bar of an instrument and frame in the order of time, the newest last', () => {
    const rows = rowsOf([
      [1, 573, 13.16],
      [2, 571, 7],
      [1, 571, 13.1],
      [1, 572, 13.15],
    ]);
    const [first, second] = changesOf(rows, all(rows)) as [BarChange, BarChange];
    expect(times(first)).toEqual(['09:31 13.1', '09:32 13.15', '09:33 13.16']);
    expect(first).toMatchObject({ instrument: 1, timeframe: '1Min', from: '2018-02-01', to: '2018-02-01' });
    expect(first.bar).toBe(first.bars?.at(-1));
    expect(times(second)).toEqual(['09:31 7']);
  });

  it('changes of a block name only what changed', () => {
    const rows = rowsOf([
      [1, 571, 1],
      [1, 572, 2],
      [1, 573, 3],
    ]);
    expect(changesOf(rows, [0, 2]).map(times)).toEqual([['09:31 1', '09:33 3']]);
    expect(changesOf(rows, [])).toEqual([]);
  });

  it('changes of a block name only the newest bar and the days where more changed than an event lists', () => {
    const bars = (count: number): BarRows =>
      rowsOf(Array.from({ length: count }, (_, index) => [1, 571 + ((index * 7) % count), index] as const));
    const most = bars(LISTED_BARS_MAX);
    expect(changesOf(most, all(most))[0]?.bars).toHaveLength(LISTED_BARS_MAX);
    const tooMany = bars(LISTED_BARS_MAX + 1);
    const [change] = changesOf(tooMany, all(tooMany)) as [BarChange];
    expect(change.bars).toBeUndefined();
    expect(change.bar.t).toBe('2018-02-01T10:35:00+08:00');
  });

  it('changes of a block list the bars of no more than some series of a large block, but every single one', () => {
    const series = Array.from({ length: 50 }, (_, index) => index + 1);
    const rows = rowsOf([
      ...series.flatMap((id) => Array.from({ length: 60 }, (_, index) => [id, 571 + index, 1] as const)),
      [51, 571, 1],
    ]);
    const changes = changesOf(rows, all(rows));
    expect(changes.filter(({ bars }) => bars?.length === 60)).toHaveLength(33);
    expect(changes.at(-1)?.bars).toHaveLength(1);
    expect(changes.every(({ bar }) => bar.c === 1)).toBe(true);
  });

  it('changes of a block become one where several blocks of a transaction have the same instrument and frame', () => {
    const of = (...given: Parameters<typeof rowsOf>[0]): BarChange => {
      const rows = rowsOf(given);
      return changesOf(rows, all(rows))[0] as BarChange;
    };
    const merged = mergedChange(of([1, 573, 3], [1, 571, 1]), of([1, 571, 9], [1, 572, 2]));
    expect(times(merged)).toEqual(['09:31 9', '09:32 2', '09:33 3']);
    expect(merged.bar.c).toBe(3);
    const long = of(...Array.from({ length: LISTED_BARS_MAX }, (_, index) => [1, 600 + index, 1] as const));
    expect(mergedChange(merged, long)).toMatchObject({ bars: undefined, bar: { t: long.bar.t } });
    expect(mergedChange({ ...long, bars: undefined }, merged).bars).toBeUndefined();
  });
});
