import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { adjustedBars } from './adjusted-bars.js';
import { barJson } from './bar-json.js';
import { factorLine, factorSteps, type FactorDay, type FactorStep } from '../../factors/factor-steps.js';
import type { StoredBar } from '../stored/shown-bar.js';

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
    [0.01, 1, '0.01'],
    [0.009999, 1, '0.01'],
    [0.00996, 1, '0.00996'],
    [0.00005, 1, '0.00005'],
    [0.000049, 1, '0.000049'],
    [0.001234, 1.5, '0.00185'],
    [0.000001, 0.0000000001, '0.0000000000000001'],
    [9_999_999.999999, 99_999.9999999999, '999999999999.899'],
  ])('%d times %d is %s, forwards', (price, factor, expected) => {
    expect(opened(price, 'hfq', factor, 1)).toBe(expected);
  });

  it.each([
    [10, 1, 3, '3.3333'],
    [10, 2, 3, '6.6667'],
    [1, 1, 20_000, '0.00005'],
    [1, 1, 300, '0.00333'],
    [0.000001, 0.0000000001, 999_999_999.999999, '0.0000000000000000000000001'],
    [123.45, 1.017214, 1.017214, '123.45'],
  ])('%d times %d over %d is %s, backwards', (price, factor, newest, expected) => {
    expect(opened(price, 'qfq', factor, newest)).toBe(expected);
  });

  it('adjusted prices are not known without a factor', () => {
    expect(opened(10, 'hfq', undefined, 1)).toBe('');
    expect(opened(10, 'qfq', 1, undefined)).toBe('');
  });
});

describe('the factor of a day', () => {
  const day = (of: string, close: number, rest: Partial<FactorDay> = {}): FactorDay => ({
    ...{ day: `2024-06-${of}`, close, preClose: null, factor: null },
    ...rest,
  });
  const step = (of: string, factor: number | null): FactorStep => ({ day: `2024-06-${of}`, factor });

  it('the factor of a day is unknown from an ex-day without a factor to the next factor', () => {
    const days = [
      day('18', 10, { factor: 1 }),
      day('19', 5, { preClose: 5 }),
      day('20', 5.1, { preClose: 5, factor: 2 }),
    ];
    expect(factorSteps(days, [])).toEqual([step('18', 1), step('19', null), step('20', 2)]);
  });

  it('the factor of a day is known on an ex-day whose factor was given by ex-date, also when that was a day without a bar', () => {
    const days = [day('17', 10, { factor: 1 }), day('20', 5, { preClose: 5 })];
    for (const ex of ['18', '20']) {
      expect(factorSteps(days, [{ day: `2024-06-${ex}`, factor: 2 }])).toEqual([step('17', 1), step(ex, 2)]);
    }
  });

  it('the factor of a day is unknown between two daily bars of different factors, unless an ex-date says when it changed', () => {
    const days = [day('17', 10, { factor: 1 }), day('20', 5, { preClose: 5.1, factor: 2 })];
    const between = { ...step('18', null), until: '2024-06-20' };
    expect(factorSteps(days, [])).toEqual([step('17', 1), between, step('20', 2)]);
    expect(factorSteps(days, [{ day: '2024-06-19', factor: 2 }])).toEqual([step('17', 1), step('19', 2)]);
    const same = [day('17', 10, { factor: 1 }), day('20', 5, { preClose: 5.1, factor: 1 })];
    expect(factorSteps(same, [])).toEqual([step('17', 1)]);
  });

  it('stays known where the previous close differs by less than half a fen, or is not given', () => {
    const days = [day('17', 10.001, { factor: 1 }), day('18', 9.9, { preClose: 10.0055 }), day('19', 9)];
    expect(factorSteps(days, [])).toEqual([step('17', 1)]);
    const apart = [day('17', 10, { factor: 1 }), day('18', 9.9, { preClose: 9.995 })];
    expect(factorSteps(apart, [])).toEqual([step('17', 1), step('18', null)]);
  });

  it('the factor of a day is that of the bar where one was given by ex-date for the same day', () => {
    expect(factorSteps([day('18', 10, { factor: 1.5 })], [{ day: '2024-06-18', factor: 2 }]).at(-1)).toEqual(
      step('18', 1.5),
    );
  });

  it('the factor of a day is that of the last day up to it that has one', () => {
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
