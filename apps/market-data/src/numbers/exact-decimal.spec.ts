import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fitsDouble, roundedQuotient, textOfUnits, unitsOf } from './exact-decimal.js';

/** Decimals of at most 15 significant digits, 6 of them decimals, as text without zeros at the ends. */
const aDecimal = fc
  .tuple(fc.nat({ max: 999_999_999 }), fc.nat({ max: 999_999 }))
  .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(6, '0')}`.replace(/\.?0+$/, '') || '0');

describe('units of a decimal', () => {
  it('units of a decimal are its digits, and its text comes back', () => {
    fc.assert(
      fc.property(aDecimal, (text) => {
        const [whole = '', fraction = ''] = text.split('.');
        const units = unitsOf(Number(text), 6);
        expect(units).toBe(BigInt(whole + fraction.padEnd(6, '0')));
        expect(textOfUnits(units, 6)).toBe(text);
      }),
    );
  });

  it.each([
    [0, 6, 0n],
    [999_999_999_999_999, 6, 999_999_999_999_999_000_000n],
    [123_456_789_012.345, 6, 123_456_789_012_345_000n],
    [1e-10, 10, 1n],
    [99_999.9999999999, 10, 999_999_999_999_999n],
    [9_999_999.999999, 6, 9_999_999_999_999n],
  ])('units of a decimal of %d are exact at the ends of what is taken', (value, decimals, units) => {
    expect(unitsOf(value, decimals)).toBe(units);
  });
});

describe('a rounded quotient', () => {
  it('a rounded quotient is the nearest whole number, away from zero in the middle', () => {
    const above = fc.bigInt({ min: 1n, max: 10n ** 30n });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 40n }), above, (up, down) => {
        const rest = 2n * up - 2n * roundedQuotient(up, down) * down;
        expect(rest >= -down && rest < down).toBe(true);
      }),
    );
    expect([roundedQuotient(5n, 2n), roundedQuotient(3n, 2n), roundedQuotient(7n, 3n)]).toEqual([3n, 2n, 2n]);
  });
});

describe('what fits a double', () => {
  it('comes back from it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{1,12}(\.\d{1,10})?$/), (text) => {
        const plain = (text.includes('.') ? text.replace(/\.?0+$/, '') : text).replace(/^0+(?=\d)/, '');
        const [whole = '', fraction = ''] = plain.split('.');
        if (!fitsDouble(text)) return;
        expect(textOfUnits(unitsOf(Number(text), 10), 10)).toBe(fraction === '' ? whole : `${whole}.${fraction}`);
      }),
    );
  });

  it.each([
    ['123456789012345', true],
    ['1234567890123456', false],
    ['1234567890123450', true],
    ['12345678901234.56', false],
    ['12345678901234.50', true],
    ['000012345678901234.5', true],
    ['0.0000000001234567890123', true],
    ['1.000000000000000000', true],
  ])('%s is %p', (text, fits) => {
    expect(fitsDouble(text)).toBe(fits);
  });
});
