import { describe, expect, it } from '@jest/globals';
import type { Lsn } from '@mystocks/kernel';
import type { Kept } from './kept.js';
import { WriteTimes } from './write-times.js';

const GRACE_MS = 8_000;
const kept = (tags: readonly string[], after?: Lsn, atMs = 0): Kept => ({
  answer: { body: Buffer.from('{}'), etag: '"e"', tags: [...tags], ttl_ms: 60_000, built_at_ms: 1 },
  expiresAtMs: atMs + 60_000,
  graceUntilMs: atMs + 60_000 + GRACE_MS,
  after,
});

describe('WriteTimes', () => {
  it('knows when the first write to any tag of an answer was heard that the answer may not show', () => {
    const times = new WriteTimes(GRACE_MS);
    times.note(['a', 'b'], '0/1', 1_000);
    times.note(['a'], '0/5', 5_000);
    const first = (tags: readonly string[], after?: Lsn): number | undefined => times.firstMissedBy(kept(tags, after));
    expect([first(['b']), first(['b', 'a']), first(['b', 'c'])]).toEqual([1_000, 1_000, 1_000]);
    expect([first(['b', 'a'], '0/1'), first(['a'], '0/4')]).toEqual([5_000, 5_000]);
    expect([first(['a'], '0/5'), first(['b'], '0/1'), first([]), first(['c'])]).toEqual(Array(4).fill(undefined));
  });

  it('is early by an eighth of the grace at most, and never late, however many writes there are', () => {
    const times = new WriteTimes(GRACE_MS);
    for (let number = 1; number <= 600; number += 1) times.note(['a'], `0/${number.toString(16)}`, number * 100);
    for (let shown = 520; shown < 600; shown += 1) {
      const missedMs = (shown + 1) * 100;
      const foundMs = times.firstMissedBy(kept(['a'], `0/${shown.toString(16)}`)) ?? 0;
      expect(foundMs).toBeLessThanOrEqual(missedMs);
      expect(foundMs).toBeGreaterThan(missedMs - GRACE_MS / 8);
    }
    // What misses more than a grace has missed it that long, whatever it is exactly.
    expect(times.firstMissedBy(kept(['a'], '0/10'))).toBeLessThanOrEqual(60_000 - GRACE_MS);
  });

  it('never takes a write for missed before the answer was kept', () => {
    const times = new WriteTimes(GRACE_MS);
    times.note(['a'], '0/1', 1_000);
    times.note(['a'], '0/3', 1_900);
    expect(times.firstMissedBy(kept(['a'], '0/2', 1_800))).toBe(1_800);
  });

  it('takes news in the order in which it comes, whatever its positions', () => {
    const times = new WriteTimes(GRACE_MS);
    times.note(['a'], '0/9', 1_000);
    times.note(['a'], '0/5', 3_000);
    expect(times.firstMissedBy(kept(['a'], '0/7'))).toBe(1_000);
    expect(times.firstMissedBy(kept(['a'], '0/9'))).toBeUndefined();
  });

  it('forgets what was longest not written', () => {
    const times = new WriteTimes(GRACE_MS, 2);
    times.note(['a'], '0/1', 1_000);
    times.note(['b'], '0/2', 2_000);
    times.note(['a'], '0/3', 3_000);
    times.note(['c'], '0/4', 4_000);
    expect(['a', 'b', 'c'].map((tag) => times.firstMissedBy(kept([tag])))).toEqual([1_000, undefined, 4_000]);
  });
});
