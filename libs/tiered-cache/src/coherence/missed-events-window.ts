import type { Entry } from '../entry.js';

const MOMENTS_MAX = 100;

/**
 * The moments at which news may have been missed. What was kept before one of them, or so soon after that a replica may
 * not have shown the write whose news never came, is as good as outdated since: it may be, and nobody will tell.
 *
 * What other processes kept is judged by their clocks: these must agree to within a fraction of `settleMs`.
 */
export class MissedEventsWindow {
  readonly #momentsMs: number[] = [];

  /** `settleMs`: a replica further behind is not read from. */
  constructor(private readonly settleMs: number) {}

  note(nowMs: number): void {
    this.#momentsMs.push(nowMs);
    // The first stays: what was kept before it must not seem good for longer because others followed.
    if (this.#momentsMs.length > MOMENTS_MAX) this.#momentsMs.splice(1, 1);
  }

  /** Whether what is kept now is trusted. */
  isOver(nowMs: number): boolean {
    const last = this.#momentsMs.at(-1);
    return last === undefined || nowMs >= last + this.settleMs;
  }

  /** Since when (epoch ms) `kept` is not trusted; undefined when it is. */
  distrustedSince({ answer, expiresAtMs }: Entry): number | undefined {
    const keptAtMs = expiresAtMs - answer.ttl_ms;
    return this.#momentsMs.find((atMs) => keptAtMs < atMs + this.settleMs);
  }
}
