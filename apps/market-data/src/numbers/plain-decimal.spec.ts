import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hasThousands, isMissing, plainDecimal } from './plain-decimal.js';

const plain = (text: string, scale = 6, shift = 0): string | undefined => plainDecimal(text, { scale, shift })?.text;

describe('a number by its value', () => {
  it.each([
    ['1200.0', '1200'],
    ['1200.', '1200'],
    ['1.2e3', '1200'],
    ['1E+05', '100000'],
    ['1.23e+08', '123000000'],
    ['1.0E7', '10000000'],
    ['12000e-1', '1200'],
    ['+1200', '1200'],
    ['0001200', '1200'],
    ['-0', '0'],
    ['-0.0', '0'],
    ['0e5', '0'],
    ['.0', '0'],
    ['1200.0000000001', '1200'],
    ['1199.9999999999', '1200'],
    ['157.00000000000003', '157'],
    ['0.9999999999', '1'],
  ])('reads %s as the whole number %s', (text, value) => {
    expect(plain(text, 0)).toBe(value);
  });

  it.each([
    ['8.530000000000001', '8.53'],
    ['8.529999999999999', '8.53'],
    ['11.120000000000001', '11.12'],
    ['0.30000000000000004', '0.3'],
    ['8.5300000000', '8.53'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['1e-6', '0.000001'],
    ['9.999999999999', '10'],
    ['330778720.12000006', '330778720.12'],
    ['12345678901.230002', '12345678901.23'],
    ['423456789012.33997', '423456789012.34'],
  ])('reads %s as %s with six decimals', (text, value) => {
    expect(plain(text)).toBe(value);
  });

  it.each([
    '',
    '-1',
    '-1e-20',
    'ten',
    '1.2.3',
    '1e',
    'e5',
    '.',
    '1,200',
    '1 200',
    '0x10',
    'Infinity',
    '１',
    '1_000',
    '1e99',
    '1e-99',
  ])('does not read %j', (text) => {
    expect(plain(text)).toBeUndefined();
  });

  it.each([
    ['1200.5', 0],
    ['0.5', 0],
    ['1000000000.5', 0],
    ['10000000000.05', 0],
    ['1000000000000.5', 0],
    ['0.0000001', 6],
    ['10.1234567', 6],
    ['10.0000001', 6],
  ])('keeps the real digits of %s instead of rounding them to %i decimals', (text, scale) => {
    expect(plain(text, scale)).toBeUndefined();
  });

  it.each([
    ['1000000000.0001', 0, '1000000000'],
    ['999999999.9999', 0, '1000000000'],
    ['1234567890.1200001', 6, '1234567890.12'],
  ])('rounds the noise of arithmetic away from %s, to %i decimals', (text, scale, expected) => {
    expect(plain(text, scale)).toBe(expected);
  });

  it('leaves more digits than a double keeps to the check of the column', () => {
    expect(plain('1234567890.123456')).toBe('1234567890.123456');
  });

  it('says whether something was rounded away', () => {
    const rounded = (text: string): boolean | undefined => plainDecimal(text, { scale: 2, shift: 0 })?.rounded;
    expect(rounded('8.530000000000001')).toBe(true);
    expect(rounded('8.5300000000')).toBe(false);
    expect(rounded('8.53e0')).toBe(false);
  });

  it('moves the point by the unit of the source', () => {
    expect(plain('516290.79', 0, 2)).toBe('51629079');
    expect(plain('647446.144', 6, 3)).toBe('647446144');
    expect(plain('828343.8490000001', 6, 3)).toBe('828343849');
    expect(plain('123.456', 0, 2)).toBeUndefined();
    expect(plain('0.5', 0, 2)).toBe('50');
  });
});

const scaled = fc.record({ units: fc.integer({ min: 1, max: 10 ** 12 }), scale: fc.integer({ min: 0, max: 6 }) });
const decimalOf = (units: number, scale: number): string => {
  const digits = String(units).padStart(scale + 1, '0');
  return scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
};
const shortest = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

describe('any number', () => {
  it('any number is read from the text that a double gives of it, noise or not', () => {
    fc.assert(
      fc.property(scaled, fc.constantFrom(1, 1 + 2 ** -52, 1 - 2 ** -52, 1 + 2 ** -50), ({ units, scale }, noise) => {
        const exact = decimalOf(units, scale);
        const text = String(Number(exact) * noise);
        expect(plain(text, scale)).toBe(shortest(exact));
      }),
    );
  });

  it('any number is the same with an exponent, with zeros around it and with a sign', () => {
    fc.assert(
      fc.property(scaled, fc.integer({ min: -8, max: 8 }), ({ units, scale }, exponent) => {
        const exact = decimalOf(units, scale);
        expect(plain(`+00${units}e${exponent}`, 20)).toBe(plain(`${units}E${exponent}`, 20));
        expect(plain(`${units}e-${scale}`, scale)).toBe(shortest(exact));
        expect(plain(`${exact}${scale === 0 ? '.' : ''}000000000000`, scale)).toBe(shortest(exact));
      }),
    );
  });

  it('any number is refused when a digit beyond the scale is more than a billionth of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 * 10 ** 6 }), fc.integer({ min: 1, max: 99 }), (whole, hundredths) => {
        expect(plain(`${whole}.${String(hundredths).padStart(2, '0')}1`, 0)).toBeUndefined();
      }),
    );
  });
});

describe('a value that is not there', () => {
  it('a value that is not there is told by the words of pandas, Excel and terminals', () => {
    for (const text of ['nan', 'NaN', 'None', 'null', '-', '--', '<NA>', 'N/A']) expect(isMissing(text)).toBe(true);
    for (const text of ['0', '-1', 'n', '---']) expect(isMissing(text)).toBe(false);
  });
});

describe('a thousands separator', () => {
  it('a thousands separator is told from other commas', () => {
    for (const text of ['1,200', '-1,234,567.5', '12,345']) expect(hasThousands(text)).toBe(true);
    for (const text of ['1200', '8,53', '1,2000', ',200']) expect(hasThousands(text)).toBe(false);
  });
});
