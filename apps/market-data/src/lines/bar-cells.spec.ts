import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isBarEnd, readDay, readDecimal, readMicros, readMinute } from './bar-cells.js';

const over = <T>(read: (bytes: Uint8Array, start: number, end: number) => T, text: string): T => {
  const bytes = Buffer.from(`x${text}9`);
  return read(bytes, 1, bytes.length - 1);
};

describe('a price', () => {
  it('a price is read exactly, to the millionth', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9_999_999 }),
        fc.integer({ min: 0, max: 999_999 }),
        fc.integer({ min: 1, max: 6 }),
        (whole, micros, places) => {
          const decimals = String(micros).padStart(6, '0').slice(0, places);
          const exact = whole * 1_000_000 + Number(decimals.padEnd(6, '0'));
          expect(over(readMicros, `${whole}.${decimals}`)).toBe(exact);
        },
      ),
    );
  });

  it.each([
    '',
    '-1',
    '+1',
    '1.',
    '.5',
    '1.2.3',
    '1e3',
    '1,5',
    ' 1',
    '0x10',
    '1.1234567',
    '10000000.01',
    '123456789',
    '１',
    'NaN',
  ])('a price is not %j', (text) => {
    expect(over(readMicros, text)).toBeNaN();
  });
});

describe('a decimal', () => {
  it('keeps to its digits before and after the point', () => {
    const rule = { wholeDigits: 3, scale: 2 };
    const read = (text: string): number => over((bytes, start, end) => readDecimal(bytes, start, end, rule), text);
    expect(['1', '123', '123.45', '0.1'].map(read)).toEqual([1, 123, 123.45, 0.1]);
    expect(['', '1234', '1.234', '1.', '.1', '-1', '1.2.3', '1e2'].map(read)).toEqual(
      Array.from({ length: 8 }, () => Number.NaN),
    );
  });
});

describe('a day', () => {
  it('a day is real', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        (date) => {
          const text = date.toISOString().slice(0, 10);
          expect(over(readDay, text)).toBe(Number(text.replaceAll('-', '')));
        },
      ),
    );
    expect(over(readDay, '2024-02-29')).toBe(20_240_229);
  });

  it.each([
    '2023-02-29',
    '1900-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-04-31',
    '2024-1-1',
    '20240101',
    '2024/01/01',
    '',
    '２０２４-01-01',
    '0000-01-01',
  ])('a day is not %j', (text) => {
    expect(over(readDay, text)).toBe(-1);
  });
});

describe('a time', () => {
  it('a time is a whole minute', () => {
    expect(over(readMinute, '09:31')).toBe(571);
    expect(over(readMinute, '15:00:00')).toBe(900);
    for (const text of ['24:00', '09:60', '09:31:30', '9:31', '0931', '']) expect(over(readMinute, text)).toBe(-1);
  });

  it('a time is the end of a bar of its frame inside the sessions', () => {
    const ends = (minutes: number): number =>
      Array.from({ length: 1_440 }, (_, minute) => minute).filter((minute) => minute > 570 && isBarEnd(minute, minutes))
        .length;
    expect([1, 5, 15, 30, 60].map(ends)).toEqual([240, 48, 16, 8, 4]);
    expect(isBarEnd(565, 1)).toBe(true);
    expect([1, 5, 15, 30, 60].map((minutes) => isBarEnd(780, minutes))).toEqual([false, false, false, false, false]);
    expect(isBarEnd(700, 1)).toBe(false);
    expect(isBarEnd(901, 1)).toBe(false);
  });
});
