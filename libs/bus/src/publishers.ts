import type { PublisherCounted } from '@mystocks/contracts';

/** A publisher not heard for so long is taken for dead. */
const DEAD_AFTER_MS = 2_000;

/**
 * Who has told numbered news, and who of them went without a farewell: what such a one was about to tell (its write was
 * done, its news not yet sent) nobody will ever hear. Times are ms of any one clock.
 */
export class Publishers {
  /** When each was heard last, least lately heard first. */
  readonly #heard = new Map<string, { readonly ms: number; readonly subjects: readonly string[] }>();

  constructor(private readonly publishersMax = 1_000) {}

  heard({ publisher, counts, last }: PublisherCounted, nowMs: number): void {
    this.#heard.delete(publisher);
    if (last === true || counts.length === 0) return;
    this.#heard.set(publisher, { ms: nowMs, subjects: counts.map(({ subject }) => subject) });
    if (this.#heard.size > this.publishersMax) {
      const [oldest] = this.#heard.keys();
      if (oldest !== undefined) this.#heard.delete(oldest);
    }
  }

  /** The events that those told who died since the last look. They could be heard from `sinceMs` on. */
  bury(nowMs: number, sinceMs: number): ReadonlySet<string> {
    const bereft = new Set<string>();
    for (const [publisher, { ms, subjects }] of this.#heard) {
      if (nowMs - Math.max(ms, sinceMs) <= DEAD_AFTER_MS) break;
      this.#heard.delete(publisher);
      for (const subject of subjects) bereft.add(subject);
    }
    return bereft;
  }
}
