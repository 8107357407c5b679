import {
  askedBefore,
  fixedHitRates,
  haveMarketData,
  hitRatesOf,
  marketReads,
  optimalHitRates,
  type HitRates,
  type MarketReads,
} from '@mystocks/testing';
import { NearCache, type Entry } from '@mystocks/tiered-cache';
import { createRequire } from 'node:module';
import type { BenchRow } from './bench-row.ts';

const ENTRIES_MAX = 10_000;
const EVERYDAY = { seed: 4, secondsPerList: 600, everyNthList: 4 };
const KEPT: Entry = {
  answer: { body: Buffer.alloc(0), etag: '"e"', tags: [], ttl_ms: 1, built_at_ms: 1 },
  expiresAtMs: Infinity,
  graceUntilMs: Infinity,
  position: undefined,
};

interface Lru {
  get(key: string): true | undefined;
  set(key: string, value: true): unknown;
}

/**
 * Hit rates of what people read of a whole market (11 views of 5,448 symbols, six times what fits), popularity from
 * real lists, and a sweep over every symbol each five minutes. Counted, not timed; nothing expires and nothing is
 * written, so this shows what the choice of what to keep is worth, not the hit rate of a trading day.
 */
export function replayRows(): BenchRow[] {
  if (!haveMarketData) {
    console.log('no replay of market reads: the recorded data are not there\n');
    return [];
  }
  const cases: { name: string; interactivePerS: number; tail: boolean; sweptViews: 1 | 2 }[] = [
    { name: 'listed symbols alone, 100 reads/s', interactivePerS: 100, tail: false, sweptViews: 1 },
    { name: 'listed symbols alone, 100 reads/s, two swept', interactivePerS: 100, tail: false, sweptViews: 2 },
    { name: 'whole market, 20 reads/s', interactivePerS: 20, tail: true, sweptViews: 1 },
    { name: 'whole market, 100 reads/s', interactivePerS: 100, tail: true, sweptViews: 1 },
    { name: 'whole market, 500 reads/s', interactivePerS: 500, tail: true, sweptViews: 1 },
    { name: 'whole market, 100 reads/s, two swept', interactivePerS: 100, tail: true, sweptViews: 2 },
  ];
  return cases.map(({ name, ...about }) => replay(name, marketReads({ ...EVERYDAY, ...about })));
}

function replay(name: string, reads: MarketReads): BenchRow {
  const near = new NearCache();
  const { LRUCache } = createRequire(import.meta.resolve('@mystocks/tiered-cache'))('lru-cache') as {
    LRUCache: new (options: { max: number }) => Lru;
  };
  const lru = new LRUCache({ max: ENTRIES_MAX });
  const rates = {
    NearCache: hitRatesOf(reads, {
      has: (key) => near.get(key, 0) !== undefined,
      take: (key) => near.set(key, KEPT, near.begin()),
    }),
    'lru-cache': hitRatesOf(reads, { has: (key) => lru.get(key) === true, take: (key) => lru.set(key, true) }),
    'best fixed choice': fixedHitRates(reads, ENTRIES_MAX),
    'optimum (Belady)': optimalHitRates(reads, ENTRIES_MAX),
  };
  console.log(`${name}: ${reads.asked.length.toLocaleString('en')} reads, hits in % of`);
  console.table(Object.fromEntries(Object.entries(rates).map(([who, one]) => [who, percentOf(one)])));
  const { NearCache: ours, 'lru-cache': theirs, 'best fixed choice': fixed, 'optimum (Belady)': optimum } = rates;
  return {
    name: `L1 hit rate, ${name}, sweep every five minutes`,
    peer: 'lru-cache of the same size',
    ours: ours.overall * 100,
    theirs: theirs.overall * 100,
    ratio: ours.overall / theirs.overall,
    unit: '% of all reads',
    target: 1,
    note: `best fixed choice ${(fixed.overall * 100).toFixed(1)} %, optimum ${(optimum.overall * 100).toFixed(1)} %; asked before (an L2 that holds all) ${(askedBefore(reads) * 100).toFixed(1)} %`,
  };
}

/** `hot`: people's reads of symbols on the list of that while. */
const percentOf = ({ overall, interactive, hot, sweep }: HitRates): Record<string, number> => {
  const percent = (share: number): number => Math.round(share * 1_000) / 10;
  return {
    'all reads': percent(overall),
    'people’s reads': percent(interactive),
    'of those, listed symbols': percent(hot),
    'the sweep’s reads': percent(sweep),
  };
};
