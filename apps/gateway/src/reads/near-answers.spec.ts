import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Answer } from '@mystocks/contracts';
import { NearAnswers, type NearAnswer } from './near-answers.js';

const answer: Answer = { body: Buffer.from('{}'), etag: '"1"', tags: ['600519.SH'], ttl_ms: 60_000, built_at_ms: 1 };
let near: NearAnswers;

beforeEach(() => {
  jest.useFakeTimers();
  near = new NearAnswers(10_000);
});
afterEach(() => {
  jest.useRealTimers();
});
const ready = (): NearAnswer => near.ready(answer, undefined, { add: () => undefined } as never);

describe('the last good answer of the first tier', () => {
  it('ends with the grace after the first write that it does not show, however many follow', () => {
    near.set('kept', ready(), near.begin());
    for (let second = 1; second <= 10; second += 1) {
      near.invalidate(['600519.SH'], `0/${second.toString(16)}`);
      expect(near.lastGood('kept', Date.now())).toMatchObject({ invalidated: true });
      jest.advanceTimersByTime(1_000);
    }
    expect(near.lastGood('kept', Date.now())).toBeUndefined();
  });
});

describe('the first tier, when events may have been missed', () => {
  it('serves nothing as fresh, and stores nothing that was requested before or within the next second', () => {
    const before = near.begin();
    expect(near.set('kept', ready(), before)).toBe(true);
    near.invalidateAll();
    expect(near.get('kept', Date.now())).toBeUndefined();
    expect(near.set('under way', ready(), before)).toBe(false);
    jest.advanceTimersByTime(999);
    const soon = near.begin();
    // It comes back later, but a replica that was behind may have answered it.
    jest.advanceTimersByTime(5_000);
    expect(near.set('asked too soon', ready(), soon)).toBe(false);
    expect(near.set('asked later', ready(), near.begin())).toBe(true);
  });

  it('still serves its entries as last good answers, for the grace from that moment on', () => {
    near.set('kept', ready(), near.begin());
    near.invalidateAll();
    jest.advanceTimersByTime(9_999);
    expect(near.lastGood('kept', Date.now())).toMatchObject({ invalidated: true });
    jest.advanceTimersByTime(1);
    expect(near.lastGood('kept', Date.now())).toBeUndefined();
  });
});
