import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chunked, compareLsn, laterLsn, mapBounded, remainingMs, SingleFlight } from './index.js';

describe('lsn', () => {
  it('orders by both halves, not as text', () => {
    expect(compareLsn('0/9', '0/10')).toBeLessThan(0);
    expect(compareLsn('2/0', '1/FFFFFFFF')).toBeGreaterThan(0);
    expect(laterLsn(undefined, '0/1')).toBe('0/1');
    expect(laterLsn('0/2', '0/1')).toBe('0/2');
  });

  it('agrees with the order of the numbers it stands for', () => {
    const half = fc.integer({ min: 0, max: 2 ** 20 });
    fc.assert(
      fc.property(half, half, half, half, (a, b, c, d) => {
        const text = (high: number, low: number): string => `${high.toString(16)}/${low.toString(16)}`;
        expect(Math.sign(compareLsn(text(a, b), text(c, d)))).toBe(Math.sign(a * 2 ** 32 + b - (c * 2 ** 32 + d)));
      }),
    );
  });
});

describe('remainingMs', () => {
  it('takes the smaller of the own timeout and the rest of the deadline, never below 0', () => {
    expect(remainingMs(500, undefined, 1_000)).toBe(500);
    expect(remainingMs(500, 1_200, 1_000)).toBe(190);
    expect(remainingMs(500, 900, 1_000)).toBe(0);
  });
});

describe('chunked', () => {
  it('splits a list in its order into groups of at most the size', () => {
    expect([...chunked([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]]);
    expect([...chunked([], 2)]).toEqual([]);
  });
});

describe('mapBounded', () => {
  it('keeps order and never exceeds the bound', async () => {
    let under = 0;
    let peak = 0;
    const doubled = await mapBounded([1, 2, 3, 4, 5], { atOnce: 2 }, async (n) => {
      peak = Math.max(peak, ++under);
      await new Promise((resolve) => setImmediate(resolve));
      under -= 1;
      return n * 2;
    });
    expect(doubled).toEqual([2, 4, 6, 8, 10]);
    expect(peak).toBe(2);
  });

  it('starts nothing new after a failure', async () => {
    const started: number[] = [];
    const run = mapBounded([1, 2, 3, 4], { atOnce: 1 }, async (n) => {
      started.push(n);
      await Promise.resolve();
      if (n === 2) throw new Error('two');
    });
    await expect(run).rejects.toThrow('two');
    expect(started).toEqual([1, 2]);
  });
});

describe('SingleFlight', () => {
  it('asks once however many wait, and again afterwards', async () => {
    const flights = new SingleFlight<number>();
    let asked = 0;
    const work = async (): Promise<number> => {
      await Promise.resolve();
      return ++asked;
    };
    expect(await Promise.all([flights.run('k', work), flights.run('k', work)])).toEqual([1, 1]);
    expect(await flights.run('k', work)).toBe(2);
    expect(flights.size).toBe(0);
  });
});
