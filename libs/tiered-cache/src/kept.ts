import type { Answer } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';

/** An answer a tier keeps. */
export interface Kept {
  readonly answer: Answer;
  /** From this moment on (epoch ms) it is as good as absent. */
  readonly expiresAtMs: number;
  /**
   * Newest announced log position when the answer was asked for: it shows every write up to there. Never a position
   * that only a client named: a made-up one would hold the answer against all writes to come.
   */
  readonly after: Lsn | undefined;
}

export type Lookup = { readonly hit: true; readonly kept: Kept } | { readonly hit: false };

export const MISS: Lookup = Object.freeze({ hit: false });

/** What to keep of `answer`; nothing when its owner says it must not be kept. */
export function keptOf(answer: Answer, after: Lsn | undefined, nowMs: number): Kept | undefined {
  return answer.ttl_ms > 0 ? { answer, expiresAtMs: nowMs + answer.ttl_ms, after } : undefined;
}
