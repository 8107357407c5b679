import { describe, expect, it } from '@jest/globals';
import {
  fixedHitRates,
  haveMarketData,
  hitRatesOf,
  marketReads,
  optimalHitRates,
  type HitRates,
  type MarketReadsOptions,
} from '@mystocks/testing';
import { LRUCache } from 'lru-cache';
import type { Entry } from '../entry.js';
import { NearCache } from './near-cache.js';

const ENTRIES_MAX = 10_000;
const KEPT: Entry = {
  answer: { body: Buffer.alloc(0), etag: '"e"', tags: [], ttl_ms: 1, built_at_ms: 1 },
  expiresAtMs: Infinity,
  graceUntilMs: Infinity,
  position: undefined,
};

/** The same reads by the first tier, by LRU of the same size, and by two that know what will be asked how often, and when. */
function replay(
  about: Pick<MarketReadsOptions, 'tail' | 'sweptViews'>,
): Record<'near' | 'lru' | 'fixed' | 'optimum', HitRates> {
  const reads = marketReads({ seed: 4, interactivePerS: 100, secondsPerList: 300, everyNthList: 8, ...about });
  const near = new NearCache();
  const lru = new LRUCache<string, true>({ max: ENTRIES_MAX });
  return {
    near: hitRatesOf(reads, {
      has: (key) => near.get(key, 0) !== undefined,
      take: (key) => near.set(key, KEPT, near.begin()),
    }),
    lru: hitRatesOf(reads, { has: (key) => lru.get(key) === true, take: (key) => lru.set(key, true) }),
    fixed: fixedHitRates(reads, ENTRIES_MAX),
    optimum: optimalHitRates(reads, ENTRIES_MAX),
  };
}

// Deterministic: hit rates are counted, not timed. `npm run bench cache` prints the whole table.
const whereData = haveMarketData ? describe : describe.skip;

whereData('the first tier with a sweep over the market every five minutes (needs the recorded data)', () => {
  it('hits at least 85 % of all reads, ten points above LRU, when the sweep alone reads more keys than fit', () => {
    const { near, lru, optimum } = replay({ tail: false, sweptViews: 2 });
    expect(near.overall).toBeGreaterThanOrEqual(0.85);
    expect(near.overall).toBeGreaterThanOrEqual(lru.overall + 0.1);
    expect(near.overall).toBeLessThanOrEqual(optimum.overall);
  });

  // Six times what fits: here the optimum itself stays under 85 % of all reads.
  it('hits at least 85 % of the reads of popular keys when people read the whole market, too', () => {
    const { near, lru, fixed, optimum } = replay({ tail: true, sweptViews: 1 });
    expect(near.hot).toBeGreaterThanOrEqual(0.85);
    expect(near.overall).toBeGreaterThanOrEqual(lru.overall + 0.1);
    expect(near.interactive).toBeGreaterThan(lru.interactive);
    expect(near.overall).toBeGreaterThanOrEqual(fixed.overall * 0.95);
    expect(near.overall).toBeLessThanOrEqual(optimum.overall);
  });
});
