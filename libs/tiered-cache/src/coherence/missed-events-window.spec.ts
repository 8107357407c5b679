import { describe, expect, it } from '@jest/globals';
import { MissedEventsWindow } from './missed-events-window.js';
import type { Entry } from '../entry.js';

const keptAt = (atMs: number): Entry => ({
  answer: { body: Buffer.from('{}'), etag: '"e"', tags: [], ttl_ms: 60_000, built_at_ms: 1 },
  expiresAtMs: atMs + 60_000,
  graceUntilMs: atMs + 70_000,
  position: undefined,
});

describe('MissedEventsWindow', () => {
  it('trusts every entry before an event may have been missed', () => {
    const window = new MissedEventsWindow(1_000);
    expect([window.isOver(0), window.distrustedSince(keptAt(0))]).toEqual([true, undefined]);
  });

  it('does not trust entries that were stored before, or while a replica may still lag', () => {
    const window = new MissedEventsWindow(1_000);
    window.note(5_000);
    expect([4_000, 5_999, 6_000].map((atMs) => window.distrustedSince(keptAt(atMs)))).toEqual([
      5_000,
      5_000,
      undefined,
    ]);
    expect([5_999, 6_000].map((nowMs) => window.isOver(nowMs))).toEqual([false, true]);
  });

  it('counts from the first moment that concerns an entry, however many follow', () => {
    const window = new MissedEventsWindow(1_000);
    for (let atMs = 10_000; atMs < 500_000; atMs += 2_000) window.note(atMs);
    expect(window.distrustedSince(keptAt(9_000))).toBe(10_000);
    expect(window.distrustedSince(keptAt(497_500))).toBe(498_000);
  });
});
