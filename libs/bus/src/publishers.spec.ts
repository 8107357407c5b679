import { beforeEach, describe, expect, it } from '@jest/globals';
import { Publishers } from './publishers.js';

let publishers: Publishers;
beforeEach(() => {
  publishers = new Publishers();
});
const counts = [{ subject: 'evt.a', sent: 1 }];
const heard = (publisher: string, nowMs: number, more: { last?: boolean; counts?: typeof counts } = {}): void => {
  publishers.heard({ service: 'market-data', publisher, counts, ...more }, nowMs);
};

describe('Publishers', () => {
  it('finds one that fell silent without a farewell, once, and again when it came back', () => {
    heard('a', 0);
    expect(publishers.bury(2_000, 0)).toBe(0);
    expect(publishers.bury(2_001, 0)).toBe(1);
    expect(publishers.bury(9_000, 0)).toBe(0);
    heard('a', 10_000);
    expect(publishers.bury(12_001, 0)).toBe(1);
  });

  it('lets one go that says farewell, or that never told anything', () => {
    heard('a', 0);
    heard('a', 500, { last: true });
    heard('gateway', 0, { counts: [] });
    expect(publishers.bury(60_000, 0)).toBe(0);
  });

  it('counts the time from when they could be heard', () => {
    heard('a', 0);
    heard('b', 9_000);
    expect(publishers.bury(10_000, 9_500)).toBe(0);
    expect(publishers.bury(11_501, 9_500)).toBe(2);
  });

  it('remembers a bounded number', () => {
    const few = new Publishers(2);
    for (const publisher of ['a', 'b', 'c']) few.heard({ service: 's', publisher, counts }, 0);
    expect(few.bury(5_000, 0)).toBe(2);
  });
});
