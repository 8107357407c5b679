import type { Entry } from '../entry.js';

const MOMENTS_MAX = 100;

/**
 * The moments at which events may have been missed. Entries that were stored before such a moment, or so soon after it that
 * a replica may not have shown the write whose event was lost, count as invalidated from then on: they may be, and no
 * event will say so.
 *
 * Entries that other processes stored are judged by those processes' clocks, which must agree to within a fraction of
 * `settleMs`.
 */
export class MissedEventsWindow {
  readonly #momentsMs: number[] = [];

  /** A replica that lags by more than `settleMs` is not read from. */
  constructor(private readonly settleMs: number) {}

  note(nowMs: number): void {
    this.#momentsMs.push(nowMs);
    // The first moment stays: entries from before it must not seem good for longer because other moments followed.
    if (this.#momentsMs.length > MOMENTS_MAX) this.#momentsMs.splice(1, 1);
  }

  /** Whether an entry that is stored now is trusted. */
  isOver(nowMs: number): boolean {
    const last = this.#momentsMs.at(-1);
    return last === undefined || nowMs >= last + this.settleMs;
  }

  /** Since when (epoch ms) an entry is not trusted; undefined when it is. */
  distrustedSince({ answer, expiresAtMs }: Entry): number | undefined {
    const storedAtMs = expiresAtMs - answer.ttl_ms;
    return this.#momentsMs.find((atMs) => storedAtMs < atMs + this.settleMs);
  }
}
