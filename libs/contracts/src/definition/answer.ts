import { IsBody, IsCount, IsFlag, IsListOf, IsOneOf, IsText } from '@mystocks/validation';
import { IsPosition } from './position.js';

/** How fresh a value is: `live` in this session's minute, `delayed` behind it, `eod` closed history. */
export const qualities = ['live', 'delayed', 'eod', 'stale', 'simulated'] as const;
export type Quality = (typeof qualities)[number];

export const cacheStates = ['l1-hit', 'l2-hit', 'stale', 'miss'] as const;
export type CacheState = (typeof cacheStates)[number];

/**
 * A ready JSON document as bytes, with what caches and HTTP need to know about it. Built once by the owning service
 * (mostly by PostgreSQL itself); no tier parses what it only forwards.
 */
export class Answer {
  @IsBody() readonly body!: Buffer;
  /** Strong entity tag with its quotes. */
  @IsText(1, 80) readonly etag!: string;
  /**
   * What a write must touch to make this answer old: canonical symbols (bars), `quote:` and a symbol, or `instruments`.
   * At most both of 100 symbols and the list.
   */
  @IsListOf({ name: 'tags', test: (tag) => typeof tag === 'string' && tag.length <= 32 }, 201) readonly tags!: string[];
  /** How long a cache may answer with it without asking again, ms; 0 = not at all. */
  @IsCount(0, 366 * 86_400_000) readonly ttl_ms!: number;
  /** How long after that a cache may still answer with it, marked stale, while it asks again; ms, 0 when absent. */
  @IsCount(0, 86_400_000, { optional: true }) readonly swr_ms?: number;
  @IsOneOf(qualities, { optional: true }) readonly quality?: Quality;
  /**
   * Where in `body` the JSON value of `meta.quality` begins, in bytes: a cache that serves the answer when it is stale
   * writes `"stale"` there without parsing anything.
   */
  @IsCount(0, 64 * 1024 * 1024, { optional: true }) readonly quality_at?: number;
  /** Time of the newest value inside, RFC 3339. */
  @IsText(1, 40, { optional: true }) readonly as_of?: string;
  /** Closed history: may be kept for ever by the client. */
  @IsFlag({ optional: true }) readonly immutable?: boolean;
  /** When the owning service built it, epoch ms. */
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly built_at_ms!: number;
  /** Which tier answered; set by the tiers. */
  @IsOneOf(cacheStates, { optional: true }) readonly cache?: CacheState;
  /** Log position up to which it surely shows every write that touches it; set by the cache service. */
  @IsPosition({ optional: true }) readonly after?: string;
}
