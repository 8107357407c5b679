import { Failure, type Answer } from '@mystocks/contracts';
import type { Entry, Lookup } from './entry.js';

/**
 * What an entry may be used for at a moment, after RFC 5861. `fresh`: it is served without a request to the owner.
 * `revalidate` (stale-while-revalidate): it is served at once, marked stale, while the owner is asked in the background.
 * `grace` (stale-if-error): it is served, marked stale, when the owner cannot be asked. `gone`: it is not served.
 */
export type Freshness = 'fresh' | 'revalidate' | 'grace' | 'gone';

/** A lookup with its verdict: the entry as long as it may be used for anything. */
export type Judged<E extends Entry = Entry> =
  | { readonly freshness: 'gone' }
  | { readonly freshness: Exclude<Freshness, 'gone'>; readonly entry: E; readonly invalidated: boolean };

export const GONE = Object.freeze({ freshness: 'gone' } as const);

/**
 * What the entry of `lookup` may be used for. An entry that a write has invalidated is never more than `grace`, and that
 * only for as long after the write (`invalidatedAtMs`, where it is known) as it would have been after its expiry.
 */
export function freshnessOf(lookup: Lookup, nowMs: number, invalidatedAtMs = Infinity): Freshness {
  if (!lookup.hit) return 'gone';
  const { answer, expiresAtMs, graceUntilMs } = lookup.entry;
  if (nowMs >= graceUntilMs) return 'gone';
  if (lookup.invalidated) {
    const graceMs = graceUntilMs - expiresAtMs;
    return nowMs < invalidatedAtMs + graceMs ? 'grace' : 'gone';
  }
  if (nowMs < expiresAtMs) return 'fresh';
  return nowMs < expiresAtMs + (answer.swr_ms ?? 0) ? 'revalidate' : 'grace';
}

/**
 * Whether `error` says that the owner could not be asked. A refusal of the owner's own, such as `not_found`, is its
 * answer: no older entry may contradict it.
 */
export const mayUseLastGood = (error: unknown): boolean =>
  error instanceof Failure && (error.code === 'unavailable' || error.code === 'timeout');

const STALE = Buffer.from('"stale"');
const QUOTE = 0x22;
/** This is appended to the entity tag, which may have 80 characters (contracts/answer.ts). */
const MARK = '-stale';
const TAG_LENGTH_MAX = 80 - MARK.length;

/**
 * The answer as it is served when it is no longer fresh: its headers and its body say so, it has an entity tag of its own,
 * and no tier stores it. A body whose `quality_at` names no JSON string (or that has none) stays as it is.
 */
export function staleOf(answer: Answer): Answer {
  if (answer.cache === 'stale') return answer;
  const body = withQualityStale(answer);
  const etag = `${answer.etag.slice(0, TAG_LENGTH_MAX - 1).replace(/"$/, '')}${MARK}"`;
  return { ...answer, body, etag, cache: 'stale', quality: 'stale', ttl_ms: 0, swr_ms: 0, immutable: false };
}

function withQualityStale({ body, quality_at: at }: Answer): Buffer {
  if (at === undefined || body[at] !== QUOTE) return body;
  // The values of meta.quality are plain words without escaped quotes.
  const end = body.indexOf(QUOTE, at + 1);
  return end < 0 ? body : Buffer.concat([body.subarray(0, at), STALE, body.subarray(end + 1)]);
}
