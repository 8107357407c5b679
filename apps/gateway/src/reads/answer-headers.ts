import type { Answer } from '@mystocks/contracts';

/**
 * Headers that depend on the answer alone. Only closed history may be kept by a client without asking again, and for
 * a day at most, because a re-import may correct it; everything else costs a 304.
 */
export function answerHeaders(answer: Answer): string[] {
  return ['etag', answer.etag, 'cache-control', cacheControl(answer), ...provenanceHeaders(answer)];
}

/** Where values come from and how old they are: true of them in whatever form they are sent. */
export function provenanceHeaders(answer: Answer): string[] {
  const head: string[] = [];
  if (answer.as_of !== undefined) head.push('x-data-as-of', answer.as_of);
  if (answer.quality !== undefined) head.push('x-data-quality', answer.quality);
  return head;
}

const cacheControl = (answer: Answer): string =>
  answer.immutable === true ? 'private, max-age=86400, immutable' : 'private, no-cache';
