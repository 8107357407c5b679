import type { Answer } from '@mystocks/contracts';
import { answerOfJson } from '../answer-of-json.js';

export const INSTRUMENTS_TAG = 'instruments';
const TTL_MS = 60_000;

/** JSON about instruments as an answer that lives until instruments change. */
export const answerOf = (json: string, builtAtMs: number): Answer =>
  answerOfJson(json, { tags: [INSTRUMENTS_TAG], ttl_ms: TTL_MS, built_at_ms: builtAtMs });
