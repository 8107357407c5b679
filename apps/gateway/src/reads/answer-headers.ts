import type { Answer } from '@mystocks/contracts';

/**
 * Headers that depend on the answer alone. Only closed history may be kept by a client without asking again, and for
 * a day at most, because a re-import may correct it; everything else costs a 304.
 */
export function answerHeaders(answer: Answer): string[] {
  const head = ['etag', answer.etag, 'cache-control', cacheControl(answer)];
  if (answer.as_of !== undefined) head.push('x-data-as-of', answer.as_of);
  if (answer.quality !== undefined) head.push('x-data-quality', answer.quality);
  return head;
}

const cacheControl = (answer: Answer): string =>
  answer.immutable === true ? 'private, max-age=86400, immutable' : 'private, no-cache';
