import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hourWeights } from './decay.js';

const HOUR_MS = 3_600_000;

describe('what a read weighs', () => {
  it('is one in this hour and half as much every half-life', () => {
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
        for (const [index, { hourMs, weight }] of weights.slice(1).entries()) {
          const newer = weights[index];
          expect((newer?.hourMs ?? 0) - hourMs).toBe(HOUR_MS);
          expect(weight / (newer?.weight ?? 0)).toBeCloseTo(factor, 9);
        }
        expect((weights.at(-1)?.weight ?? 1) * factor).toBeCloseTo(2 ** -10, 9);
      }),
    );
  });
});
