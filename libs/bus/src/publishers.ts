import type { PublisherCounted } from '@mystocks/contracts';

/** A publisher not heard for so long is taken for dead. */
const DEAD_AFTER_MS = 2_000;

/**
 * Who has told numbered news, and who of them went without a farewell: what such a one was about to tell (its write was
 * done, its news not yet sent) nobody will ever hear. Times are ms of any one clock.
 */
export class Publishers {
  /** When each was heard last, least lately heard first. */
  readonly #heardMs = new Map<string, number>();

  constructor(private readonly publishersMax = 1_000) {}

  heard({ publisher, counts, last }: PublisherCounted, nowMs: number): void {
    this.#heardMs.delete(publisher);
    if (last === true || counts.length === 0) return;
    this.#heardMs.set(publisher, nowMs);
    if (this.#heardMs.size > this.publishersMax) {
      const [oldest] = this.#heardMs.keys();
      if (oldest !== undefined) this.#heardMs.delete(oldest);
    }
  }

  /** How many died since the last look. They could be heard from `sinceMs` on. */
  bury(nowMs: number, sinceMs: number): number {
    let dead = 0;
    for (const [publisher, heardMs] of this.#heardMs) {
      if (nowMs - Math.max(heardMs, sinceMs) <= DEAD_AFTER_MS) break;
      this.#heardMs.delete(publisher);
      dead += 1;
    }
    return dead;
  }
}
