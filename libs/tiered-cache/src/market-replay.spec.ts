import { beforeAll, describe, expect, it } from '@jest/globals';
import { haveMarketData, hitRatesOf, marketReads, optimalHitRates, type HitRates } from '@mystocks/testing';
import { LRUCache } from 'lru-cache';
import type { Kept } from './kept.js';
import { NearCache } from './near-cache.js';

const ENTRIES_MAX = 10_000;
const KEPT: Kept = {
  answer: { body: Buffer.alloc(0), etag: '"e"', tags: [], ttl_ms: 1, built_at_ms: 1 },
  expiresAtMs: Infinity,
  graceUntilMs: Infinity,
  after: undefined,
};

/** The same reads by the first tier, by an LRU cache of the same size, and by one that knows the future. */
function replay(tail: boolean): Record<'near' | 'lru' | 'optimum', HitRates> {
  const reads = marketReads({ seed: 4, interactivePerS: 100, secondsPerList: 300, everyNthList: 4, tail });
  const near = new NearCache();
  const lru = new LRUCache<string, true>({ max: ENTRIES_MAX });
  return {
    near: hitRatesOf(reads, {
      has: (key) => near.get(key, 0) !== undefined,
      take: (key) => near.set(key, KEPT, near.begin()),
    }),
    lru: hitRatesOf(reads, { has: (key) => lru.get(key) === true, take: (key) => lru.set(key, true) }),
    optimum: optimalHitRates(reads, ENTRIES_MAX),
  };
}

// Deterministic: hit rates are counted, not timed. `npm run bench cache` prints the whole table.
(haveMarketData ? describe : describe.skip)(
  'replay of what people read, with a sweep every five minutes (needs ../shared/data)',
  () => {
    describe('of the symbols on the lists of what is popular', () => {
      it('hits at least 85 %', () => {
        const { near, optimum } = replay(false);
        expect(near.overall).toBeGreaterThanOrEqual(0.85);
        expect(near.overall).toBeLessThanOrEqual(optimum.overall);
      });
    });

    describe('of the whole market, six times what fits', () => {
      let rates: ReturnType<typeof replay>;
      beforeAll(() => {
        rates = replay(true);
      });

      it('hits at least 85 % of the reads of what is popular', () => {
        expect(rates.near.hot).toBeGreaterThanOrEqual(0.85);
      });

      it('hits ten points more than an LRU cache of the same size', () => {
        expect(rates.near.overall).toBeGreaterThanOrEqual(rates.lru.overall + 0.1);
        expect(rates.near.interactive).toBeGreaterThan(rates.lru.interactive);
      });

      it('reaches most of what is possible', () => {
        expect(rates.near.overall).toBeGreaterThanOrEqual(rates.optimum.overall * 0.85);
        expect(rates.near.overall).toBeLessThanOrEqual(rates.optimum.overall);
      });
    });
  },
);
