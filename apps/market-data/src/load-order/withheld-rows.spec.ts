import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { barKey, NO_VALUE } from '../ingest/rows/bar-rows.js';
import type { BlockRows } from '../ingest/rows/bars-ingest.repository.js';
import { restOfLoad, type WithheldLine } from './withheld-rows.js';

/** Place, prices and volume of a daily bar come before its optional values. */
const FIRST_OPTIONAL = 7;
const OPTIONAL = 4;

/** A line of a file: its bar, and which optional values it gives. What it gives is the number of the line. */
interface ModelLine {
  readonly bar: number;
  readonly given: number;
  readonly isWithheld: boolean;
}
/** The line that the prices come from, then the lines that the optional values come from. */
type ModelBar = readonly (number | undefined)[];

const aLine = fc.record({
  bar: fc.integer({ min: 1, max: 3 }),
  given: fc.integer({ min: 0, max: 2 ** OPTIONAL - 1 }),
  isWithheld: fc.boolean(),
});
const keyOf = (bar: number): number => barKey(bar, 0, 20_240_614, 0);

const barOf = (line: number, given: number): ModelBar => [
  line,
  ...Array.from({ length: OPTIONAL }, (_, bit) => ((given & (1 << bit)) === 0 ? undefined : line)),
];
const put = (bars: Map<number, ModelBar>, key: number, bar: ModelBar): unknown =>
  bars.set(
    key,
    bar.map((value, at) => value ?? bars.get(key)?.[at]),
  );

const withheldLine = ({ bar, given }: ModelLine, line: number): WithheldLine => {
  const values = barOf(line, given).map((value) => (value === undefined ? NO_VALUE : String(value)));
  return { line, bar: keyOf(bar), cells: [String(bar), '2024-06-14', ...Array(4).fill(values[0]), ...values] };
};

/** The rows as they are stored: the cell in front of the optional values is the volume, here the number of the line. */
function storedRows({ daily }: BlockRows): (readonly [key: number, bar: ModelBar])[] {
  return daily.stored().map((row) => {
    const cells = daily.cells(row).slice(FIRST_OPTIONAL - 1);
    return [daily.keyOf(row), cells.map((cell) => (cell === NO_VALUE ? undefined : Number(cell)))];
  });
}

describe('the lines that were withheld until the end of a load', () => {
  it('the lines that were withheld until the end of a load leave what all lines leave when they are stored one after the other, whichever of them were withheld', () => {
    fc.assert(
      fc.property(fc.array(aLine, { maxLength: 12 }), fc.array(aLine, { maxLength: 3 }), (file, before) => {
        const stood = new Map<number, ModelBar>();
        for (const { bar, given } of before) put(stood, keyOf(bar), barOf(0, given));
        const [expected, bars] = [new Map(stood), new Map(stood)];
        const others = new Map<number, { line: number; given: number }[]>();
        file.forEach(({ bar, given, isWithheld }, at) => {
          const line = at + 1;
          put(expected, keyOf(bar), barOf(line, given));
          if (isWithheld) return;
          put(bars, keyOf(bar), barOf(line, given));
          others.set(keyOf(bar), [...(others.get(keyOf(bar)) ?? []), { line, given }]);
        });
        const lines = file.flatMap((line, at) => (line.isWithheld ? [withheldLine(line, at + 1)] : []));
        const { rows, filling, contradicted } = restOfLoad(lines, others);
        for (const [key, bar] of storedRows(rows)) put(bars, key, bar);
        for (const [key, [, ...values]] of storedRows(filling)) put(bars, key, [undefined, ...values]);
        expect(bars).toEqual(expected);
        const several = lines.filter(({ bar }) => file.filter((one) => keyOf(one.bar) === bar).length > 1);
        expect(new Set(contradicted)).toEqual(new Set(several.map(({ bar }) => bar)));
        expect([...filling.daily.superseded]).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
