import type { Answer } from '@mystocks/contracts';

export const NO_STORE = 'no-store';

/** True when one of the tags of `If-None-Match` is `etag`, compared weakly (RFC 9110 §13.1.2). */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true;
  const opaque = etag.startsWith('W/') ? etag.slice(2) : etag;
  return ifNoneMatch.split(',').some((given) => given.trim().replace(/^W\//, '') === opaque);
}

/**
 * Headers that depend on the answer alone. Only closed history may be cached by a client without revalidation, and for a
 * day at most, because a re-import may correct it; everything else costs a 304.
 */
export function answerHeaders(answer: Answer): string[] {
  return ['etag', answer.etag, 'cache-control', cacheControl(answer), ...provenanceHeaders(answer)];
}

/** Where the values come from and how old they are, in whatever form they are sent. */
export function provenanceHeaders(answer: Answer): string[] {
  const head: string[] = [];
  if (answer.as_of !== undefined) head.push('x-data-as-of', answer.as_of);
  if (answer.quality !== undefined) head.push('x-data-quality', answer.quality);
  return head;
}

const cacheControl = (answer: Answer): string =>
  answer.immutable === true ? 'private, max-age=86400, immutable' : 'private, no-cache';

/** Whole seconds since the owning service built the answer. */
export function ageOf(builtAtMs: number, nowMs: number): string {
  return String(Math.max(0, Math.floor((nowMs - builtAtMs) / 1_000)));
}
