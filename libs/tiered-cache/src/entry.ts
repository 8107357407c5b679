import type { Answer } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';

/**
 * Larger bodies are not stored in a second tier, bytes. Four bodies of this size fit the deadline of one operation (50 ms);
 * larger ones would make the tier miss its deadline for every reader, again and again.
 */
export const ENTRY_BYTES_MAX = 4 * 1024 * 1024;

/** A cached answer. */
export interface Entry {
  readonly answer: Answer;
  /** Until then (epoch ms) it is fresh: it is served without a request to its owner. */
  readonly expiresAtMs: number;
  /** Until then it may be served, marked stale, when its owner cannot be asked. From then on it counts as absent. */
  readonly graceUntilMs: number;
  /**
   * The newest position that an event had named when the answer was requested: the answer shows every write up to there.
   * Never a position that only a client named: a made-up one would protect the entry from all writes to come.
   */
  readonly position: Lsn | undefined;
}

/** What a tier holds under a key. `invalidated`: a write has touched it since; it may only be the last good answer. */
export type Lookup<E extends Entry = Entry> =
  { readonly hit: true; readonly entry: E; readonly invalidated: boolean } | { readonly hit: false };

export const MISS = Object.freeze({ hit: false } as const);

/** The entry for `answer`, with `graceMs` after its expiry; undefined when its owner forbids caching. */
export function entryOf(answer: Answer, position: Lsn | undefined, nowMs: number, graceMs: number): Entry | undefined {
  if (answer.ttl_ms <= 0) return undefined;
  const expiresAtMs = nowMs + answer.ttl_ms;
  return { answer, expiresAtMs, graceUntilMs: expiresAtMs + graceMs, position };
}
