import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hourWeights } from './decay.js';

const HOUR_MS = 3_600_000;

describe('what a read weighs', () => {
  it('what a read weighs is one in this hour and half as much every half-life', () => {
    const weights = hourWeights(Date.parse('2024-06-14T09:25:00+08:00'), 24);
    expect(weights[0]).toEqual({ hourMs: Date.parse('2024-06-14T09:00:00+08:00'), weight: 1 });
    expect(weights[24]).toEqual({ hourMs: Date.parse('2024-06-13T09:00:00+08:00'), weight: 0.5 });
    expect(weights[48]?.weight).toBe(0.25);
  });

  it('falls from hour to hour, by the same factor, until it is next to nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 100 }), (nowMs, halfLifeHours) => {
        const weights = hourWeights(nowMs, halfLifeHours);
        const factor = 0.5 ** (1 / halfLifeHours);
        // Judged in one piece: an expectation an hour, and a hundred thousand of them take seconds.
        const steps = weights.slice(1).map(({ hourMs, weight }, index) => {
          const newer = weights[index] ?? { hourMs: NaN, weight: NaN };
          return { hours: (newer.hourMs - hourMs) / HOUR_MS, error: Math.abs(weight / newer.weight - factor) };
        });
        expect(steps.filter(({ hours, error }) => hours !== 1 || !(error < 1e-9))).toEqual([]);
        expect((weights.at(-1)?.weight ?? 1) * factor).toBeCloseTo(2 ** -10, 9);
      }),
    );
  });
});
