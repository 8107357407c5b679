import { IsCount, IsFlag, IsInstant, IsListOf, IsText } from '@mystocks/validation';
import { Answer } from '../definition/answer.js';
import { defineCall, defineEvent } from '../definition/define.js';
import { IngestReport } from '../market-data/ingest.contract.js';
import { IsPosition } from '../definition/position.js';
import { operators, readers } from '../definition/roles.js';

/** Reads an answer of another service through the second tier. */
export class ReadAnswerRequest {
  /** Subject of an idempotent call that answers bytes, e.g. `svc.market-data.bars.list.v1`. */
  @IsText(1, 100) readonly subject!: string;
  /** That call's request as canonical JSON: the cache key together with the subject. */
  @IsText(2, 8_000) readonly request!: string;
  /**
   * Newest log position that the calling service knows from events. A service that has just started knows none, and
   * could not say of what it keeps that it shows a write from before. Never a client's word: that is `x-read-after`.
   */
  @IsPosition({ optional: true }) readonly announced?: string;
}

export const readAnswer = defineCall({
  subject: 'svc.cache.answer.read.v1',
  request: ReadAnswerRequest,
  response: Answer,
  timeoutMs: 3_000,
  effect: 'read',
  allow: readers,
});

export class WarmAnswersRequest {
  /** Each a {@link ReadAnswerRequest}, checked by itself: what is none is refused alone, in its place. */
  @IsListOf({ name: 'reads', test: () => true }, 1_000) readonly reads!: unknown[];
}

/**
 * Asks the owners and keeps their answers in the second tier, so that the next read finds them there. Items in the order
 * given: 201 kept now, 200 was there already or must not be kept, 409 a write came in between.
 */
export const warmAnswers = defineCall({
  subject: 'svc.cache.answers.warm.v1',
  request: WarmAnswersRequest,
  response: IngestReport,
  timeoutMs: 30_000,
  effect: 'idempotent',
  allow: operators,
});

const isKey = { name: 'keys', test: (one: unknown) => typeof one === 'string' && /^[A-Za-z0-9_-]{43}$/.test(one) };
const isTag = { name: 'tags', test: (one: unknown) => typeof one === 'string' && /^[A-Za-z0-9:._-]{1,32}$/.test(one) };

/** What is to be dropped, or was. */
export class CacheEntries {
  /** Keys of answers, as {@link readAnswer} keeps them. */
  @IsListOf(isKey, 1_000, { optional: true }) readonly keys?: string[];
  @IsListOf(isTag, 1_000, { optional: true }) readonly tags?: string[];
}

/** How many kept answers were dropped. */
export class DroppedAnswers {
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly dropped!: number;
}

/** Drops answers for good from both tiers of the whole system: reads under way do not bring them back. */
export const dropAnswers = defineCall({
  subject: 'svc.cache.answers.drop.v1',
  request: CacheEntries,
  response: DroppedAnswers,
  timeoutMs: 5_000,
  effect: 'idempotent',
  allow: operators,
});

export class EntriesDropped extends CacheEntries {
  /** The instance of the cache service that dropped them. */
  @IsText(1, 40) readonly by!: string;
}

/** An instance dropped answers from the second tier: first tiers drop them too, and so do second tiers it does not share. */
export const entriesDropped = defineEvent({
  subject: 'evt.cache.entry.invalidated.v1',
  numbered: true,
  payload: EntriesDropped,
});

export class CacheStatusRequest {}

/** The second tier as the instance that answers sees it; what is counted is its own reads since it started. */
export class CacheStatus {
  /** What the tier is built on: `redis`, `tdengine`, `memory`. */
  @IsText(1, 40) readonly l2!: string;
  @IsFlag() readonly l2_connected!: boolean;
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly hits!: number;
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly misses!: number;
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly origin_calls!: number;
  /** Misses answered all the same, marked stale: while the owner is asked, and because it could not be asked. */
  @IsCount(0, Number.MAX_SAFE_INTEGER, { optional: true }) readonly stale_revalidate?: number;
  @IsCount(0, Number.MAX_SAFE_INTEGER, { optional: true }) readonly stale_error?: number;
  /** `host:pid`, and when it started. */
  @IsText(1, 300, { optional: true }) readonly instance?: string;
  @IsInstant({ optional: true }) readonly since?: string;
}

export const cacheStatus = defineCall({
  subject: 'svc.cache.status.get.v1',
  request: CacheStatusRequest,
  response: CacheStatus,
  timeoutMs: 1_000,
  effect: 'read',
  allow: operators,
});
