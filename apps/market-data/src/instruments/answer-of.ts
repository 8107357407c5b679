import { INSTRUMENTS_TAG, type Answer } from '@mystocks/contracts';
import { answerOfJson } from '../answers/answer-of-json.js';
import { instrumentsLifetime } from '../calendar/lifetimes.js';

/** JSON about instruments as an answer that lives until instruments change. */
export const answerOf = (json: string, builtAtMs: number): Answer =>
  answerOfJson(json, { tags: [INSTRUMENTS_TAG], ...instrumentsLifetime, built_at_ms: builtAtMs });
