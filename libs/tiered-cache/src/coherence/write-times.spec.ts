import { describe, expect, it } from '@jest/globals';
import type { Lsn } from '@mystocks/kernel';
import fc from 'fast-check';
import type { Entry } from '../entry.js';
import { WriteTimes } from './write-times.js';

const GRACE_MS = 8_000;
const lsnOf = (number: number): Lsn => `0/${number.toString(16)}`;
const kept = (tags: readonly string[], after?: Lsn): Entry => ({
  answer: { body: Buffer.from('{}'), etag: '"e"', tags: [...tags], ttl_ms: 60_000, built_at_ms: 1 },
  expiresAtMs: 60_000,
  graceUntilMs: 60_000 + GRACE_MS,
  position: after,
});

describe('WriteTimes', () => {
  it('knows when the event of the first write arrived that an entry may not show', () => {
    const times = new WriteTimes(GRACE_MS);
    times.note(['a', 'b'], '0/1', 1_000);
    times.note(['a'], '0/5', 5_000);
    const first = (tags: readonly string[], after?: Lsn): number | undefined => times.firstMissedBy(kept(tags, after));
    expect([first(['b']), first(['b', 'a']), first(['b', 'c'])]).toEqual([1_000, 1_000, 1_000]);
    expect([first(['b', 'a'], '0/1'), first(['a'], '0/4')]).toEqual([5_000, 5_000]);
    expect([first(['a'], '0/5'), first(['b'], '0/1'), first([]), first(['c'])]).toEqual(Array(4).fill(undefined));
  });

  it('returns a time that is at most an eighth of the grace too early, and never late, however many writes there are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 300, maxLength: 600 }), (gapsMs) => {
        const times = new WriteTimes(GRACE_MS);
        let nowMs = 0;
        const writtenMs = gapsMs.map((gapMs) => (nowMs += gapMs));
        for (const [index, atMs] of writtenMs.entries()) times.note(['a'], lsnOf(index + 1), atMs);
        for (const [shown, missedMs] of writtenMs.entries()) {
          const foundMs = times.firstMissedBy(kept(['a'], lsnOf(shown))) ?? Infinity;
          expect(foundMs).toBeLessThanOrEqual(missedMs);
          if (missedMs > nowMs - (GRACE_MS * 7) / 8) expect(foundMs).toBeGreaterThan(missedMs - GRACE_MS / 8);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('returns the exact time for up to 32 writes within a grace, also after many others', () => {
    const times = new WriteTimes(GRACE_MS);
    for (let number = 1; number <= 500; number += 1) times.note(['a'], lsnOf(number), number * 260);
    for (let shown = 469; shown < 500; shown += 1)
      expect(times.firstMissedBy(kept(['a'], lsnOf(shown)))).toBe((shown + 1) * 260);
    expect(times.firstMissedBy(kept(['a'], lsnOf(16)))).toBeLessThanOrEqual(500 * 260 - GRACE_MS);
  });

  it('uses the order in which events arrive, whatever their positions', () => {
    const times = new WriteTimes(GRACE_MS);
    times.note(['a'], '0/9', 1_000);
    times.note(['a'], '0/5', 3_000);
    expect(times.firstMissedBy(kept(['a'], '0/7'))).toBe(1_000);
    expect(times.firstMissedBy(kept(['a'], '0/9'))).toBeUndefined();
  });

  it('evicts the tag that was not written for longest', () => {
    const times = new WriteTimes(GRACE_MS, 2);
    times.note(['a'], '0/1', 1_000);
    times.note(['b'], '0/2', 2_000);
    times.note(['a'], '0/3', 3_000);
    times.note(['c'], '0/4', 4_000);
    expect(['a', 'b', 'c'].map((tag) => times.firstMissedBy(kept([tag])))).toEqual([1_000, undefined, 4_000]);
  });
});
