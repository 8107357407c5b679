export { answerKey, canonicalJson } from './answer-key.js';
export type { Ticket } from './drop-stamps.js';
export { Fences } from './fences.js';
export { freshnessOf, mayUseLastGood, staleOf, type Freshness } from './freshness.js';
export { keptOf, MISS, type Kept, type Lookup } from './kept.js';
export { MemoryTier } from './memory-tier.js';
export { NearCache, type Dropped, type LastGood, type NearCacheOptions } from './near-cache.js';
export { RedisTier, type RedisTierOptions } from './redis-tier.js';
export type { Entry, Tier } from './tier.js';
