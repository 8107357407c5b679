import { createHash } from 'node:crypto';
import type { Answer } from '@mystocks/contracts';

export const INSTRUMENTS_TAG = 'instruments';
const TTL_MS = 60_000;

/** JSON about instruments as an answer that lives until instruments change. */
export function answerOf(json: string, builtAtMs: number): Answer {
  const body = Buffer.from(json);
  const etag = `"${createHash('sha1').update(body).digest('base64url')}"`;
  return { body, etag, tags: [INSTRUMENTS_TAG], ttl_ms: TTL_MS, built_at_ms: builtAtMs };
}
