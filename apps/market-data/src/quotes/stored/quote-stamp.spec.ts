import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { microsOf, stampOf, stampOfMicros } from './quote-stamp.js';

describe('the stamp of a quote', () => {
  it.each([
    ['2026-11-20T09:31:00+08:00', '2026-11-20T09:31:00.000'],
    ['2026-11-20T09:31:00.5+08:00', '2026-11-20T09:31:00.500'],
    ['2026-11-20T09:31:00.0000000+08:00', '2026-11-20T09:31:00.000'],
    ['2026-11-20T01:31:01.123456789Z', '2026-11-20T09:31:01.123456'],
    ['2026-11-20T01:31:01.1234Z', '2026-11-20T09:31:01.123400'],
    ['2026-11-20T01:31:01.0000009Z', '2026-11-20T09:31:01.000'],
    ['2026-11-20T01:31:01.99999999999999999999999999999999Z', '2026-11-20T09:31:01.999999'],
    ['2026-11-19T23:59:59.123-02:00', '2026-11-20T09:59:59.123'],
  ])('the stamp of a quote of %s is %s', (instant, stamp) => {
    expect(stampOf(instant)).toBe(stamp);
  });

  it('comes back from epoch microseconds, and orders as they do', () => {
    const micros = fc.integer({ min: Date.UTC(1992, 0) * 1_000, max: Date.UTC(2100, 0) * 1_000 });
    fc.assert(
      fc.property(micros, fc.integer({ min: 0, max: 2_000 }), (us, more) => {
        expect(microsOf(stampOfMicros(us))).toBe(us);
        expect(stampOf(`${stampOfMicros(us)}+08:00`)).toBe(stampOfMicros(us));
        expect(stampOfMicros(us) < stampOfMicros(us + more)).toBe(more > 0);
      }),
    );
  });
});
