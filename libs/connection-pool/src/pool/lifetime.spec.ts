import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lifetimeMs } from './lifetime.js';

const HOUR_MS = 3_600_000;
const together = 20;

describe('connections opened together', () => {
  it('gives connections a lifetime between 0.8 and 1 of the recycle time', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.double({ min: 0, max: 1, noNaN: true }), (index, phase) => {
        const life = lifetimeMs(HOUR_MS, index, phase);
        expect(life).toBeGreaterThan(HOUR_MS * 0.8 - 1);
        expect(life).toBeLessThanOrEqual(HOUR_MS);
      }),
    );
  });

  it('replaces any twenty successive connections at least ten seconds apart', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.double({ min: 0, max: 1, noNaN: true }), (first, phase) => {
        const ends = Array.from({ length: together }, (_, index) => lifetimeMs(HOUR_MS, first + index, phase)).sort(
          (a, b) => a - b,
        );
        const gaps = ends.slice(1).map((end, index) => end - (ends[index] ?? 0));
        expect(Math.min(...gaps)).toBeGreaterThan(10_000);
      }),
    );
  });
});
