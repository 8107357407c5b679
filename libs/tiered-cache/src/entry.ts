import type { Answer } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';

/**
 * A body over this is not kept in a second tier, bytes. Four such bodies fit the deadline of an operation (50 ms); larger
 * ones would take the tier away from everybody, again and again.
 */
export const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** An answer a tier keeps. */
export interface Kept {
  readonly answer: Answer;
  /** Until then (epoch ms) it is fresh: served without asking anybody. */
  readonly expiresAtMs: number;
  /** Until then it may be served, marked stale, when its owner cannot be asked; from then on it is as good as absent. */
  readonly graceUntilMs: number;
  /**
   * Newest announced log position when the answer was asked for: it shows every write up to there. Never a position
   * that only a client named: a made-up one would hold the answer against all writes to come.
   */
  readonly after: Lsn | undefined;
}

/** `outdated`: a write has touched it since; only good while its owner cannot be asked. */
export type Lookup = { readonly hit: true; readonly kept: Kept; readonly outdated: boolean } | { readonly hit: false };

export const MISS: Lookup = Object.freeze({ hit: false });

/** What to keep of `answer`, for `graceMs` longer than it is fresh; nothing when its owner says it must not be kept. */
export function keptOf(answer: Answer, after: Lsn | undefined, nowMs: number, graceMs: number): Kept | undefined {
  if (answer.ttl_ms <= 0) return undefined;
  const expiresAtMs = nowMs + answer.ttl_ms;
  return { answer, expiresAtMs, graceUntilMs: expiresAtMs + graceMs, after };
}
