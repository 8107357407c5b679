import { Failure, type Answer } from '@mystocks/contracts';
import type { Lookup } from './kept.js';

/**
 * What a kept answer is good for at a moment (RFC 5861 in the house's words): `fresh` answers without asking anybody;
 * `revalidate` may answer at once, marked stale, while its owner is asked again in the background; `grace` may answer,
 * marked stale, when its owner cannot be asked; `gone` answers nothing.
 */
export type Freshness = 'fresh' | 'revalidate' | 'grace' | 'gone';

/**
 * What `lookup` is good for. An answer that a write has outdated is never more than `grace`, and that only for as long
 * after that (`outdatedAtMs`, where it is known) as it would have been after its end.
 */
export function freshnessOf(lookup: Lookup, nowMs: number, outdatedAtMs = Infinity): Freshness {
  if (!lookup.hit) return 'gone';
  const { answer, expiresAtMs, graceUntilMs } = lookup.kept;
  if (nowMs >= graceUntilMs) return 'gone';
  if (lookup.outdated) {
    const graceMs = graceUntilMs - expiresAtMs;
    return nowMs < outdatedAtMs + graceMs ? 'grace' : 'gone';
  }
  if (nowMs < expiresAtMs) return 'fresh';
  return nowMs < expiresAtMs + (answer.swr_ms ?? 0) ? 'revalidate' : 'grace';
}

/**
 * Whether `error` says that the owner could not be asked. A refusal of the owner's own, such as `not_found`, is its
 * answer: nothing kept from before may contradict it.
 */
export const mayUseLastGood = (error: unknown): boolean =>
  error instanceof Failure && (error.code === 'unavailable' || error.code === 'timeout');

const STALE = Buffer.from('"stale"');
const QUOTE = 0x22;
/** An entity tag may have 80 characters (contracts/answer.ts); these are added to it. */
const MARK = '-stale';
const TAG_LENGTH_MAX = 80 - MARK.length;

/**
 * `answer` as it is served when it is no longer fresh: it says so in its headers and in its body, has a tag of its own
 * and is kept by nobody. A body whose `quality_at` names no JSON string (or none at all) stays as it is.
 */
export function staleOf(answer: Answer): Answer {
  if (answer.cache === 'stale') return answer;
  const body = withQualityStale(answer);
  const etag = `${answer.etag.slice(0, TAG_LENGTH_MAX - 1).replace(/"$/, '')}${MARK}"`;
  return { ...answer, body, etag, cache: 'stale', quality: 'stale', ttl_ms: 0, swr_ms: 0, immutable: false };
}

function withQualityStale({ body, quality_at: at }: Answer): Buffer {
  if (at === undefined || body[at] !== QUOTE) return body;
  // The values of meta.quality are plain words: no escaped quote to look out for.
  const end = body.indexOf(QUOTE, at + 1);
  return end < 0 ? body : Buffer.concat([body.subarray(0, at), STALE, body.subarray(end + 1)]);
}
