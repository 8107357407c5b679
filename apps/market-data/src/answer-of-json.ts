import { createHash } from 'node:crypto';
import type { Answer } from '@mystocks/contracts';

/** A finished JSON document as an answer; its entity tag is a hash of the bytes. */
export function answerOfJson(json: string, rest: Omit<Answer, 'body' | 'etag'>): Answer {
  const body = Buffer.from(json);
  return { body, etag: `"${createHash('sha1').update(body).digest('base64url')}"`, ...rest };
}
