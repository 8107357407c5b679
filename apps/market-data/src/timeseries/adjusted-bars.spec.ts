import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { adjustedBars, factorLine } from './adjusted-bars.js';
import { barJson } from './bar-json.js';
import type { StoredBar } from './shown-bar.js';

const bar = (price: number): StoredBar => ({
  ...{ t: '2024-06-14T00:00:00', open: price, high: price, low: price, close: price },
  ...{ volume: 100, amount: null },
});
const opened = (price: number, how: 'hfq' | 'qfq', factor: number | undefined, newest: number | undefined): string => {
  const [adjusted] = adjustedBars([bar(price)], how, { of: () => factor, newest });
  return adjusted === undefined ? '' : (/"o":([^,]+)/.exec(barJson(adjusted))?.[1] ?? '');
};

describe('adjusted prices', () => {
  it.each([
    [10.2, 1.5, '15.3'],
    [0.00005, 1, '0.0001'],
    [0.000049, 1, '0'],
    [9_999_999.999999, 99_999.9999999999, '999999999999.899'],
  ])('%d times %d is %s, forwards', (price, factor, expected) => {
    expect(opened(price, 'hfq', factor, 1)).toBe(expected);
  });

  it.each([
    [10, 1, 3, '3.3333'],
    [10, 2, 3, '6.6667'],
    [1, 1, 20_000, '0.0001'],
    [123.45, 1.017214, 1.017214, '123.45'],
  ])('%d times %d over %d is %s, backwards', (price, factor, newest, expected) => {
    expect(opened(price, 'qfq', factor, newest)).toBe(expected);
  });

  it('are not known without a factor', () => {
    expect(opened(10, 'hfq', undefined, 1)).toBe('');
    expect(opened(10, 'qfq', 1, undefined)).toBe('');
  });
});

describe('the factor of a day', () => {
  it('is that of the last day up to it that has one', () => {
    const days = fc.uniqueArray(fc.integer({ min: 10, max: 28 }), { maxLength: 12 });
    fc.assert(
      fc.property(days, fc.integer({ min: 9, max: 29 }), (given, asked) => {
        const known = given
          .toSorted((a, b) => a - b)
          .map((day) => ({ day: `2024-06-${String(day).padStart(2, '0')}`, factor: day }));
        const expected = known.filter(({ factor }) => factor <= asked).at(-1)?.factor;
        expect(factorLine(known)(`2024-06-${String(asked).padStart(2, '0')}`)).toBe(expected);
      }),
    );
  });
});
