import type { PublisherCounted } from '@mystocks/contracts';

/** A publisher not heard for so long is taken for dead. */
const DEAD_AFTER_MS = 2_000;

/** One that went without a farewell. */
export interface Dead {
  readonly service: string;
  /** The numbered events it has told of. */
  readonly told: readonly string[];
}

/**
 * Who is on the bus, and who of them went without a farewell: what such a one was about to tell (its write was done, its
 * news not yet sent) nobody will ever hear, be it its first. Times are ms of any one clock.
 */
export class Publishers {
  /** When each was heard last, least lately heard first. */
  readonly #heard = new Map<string, Dead & { readonly ms: number }>();

  constructor(private readonly publishersMax = 1_000) {}

  heard({ service, publisher, counts, last }: PublisherCounted, nowMs: number): void {
    this.#heard.delete(publisher);
    if (last === true) return;
    this.#heard.set(publisher, { ms: nowMs, service, told: counts.map(({ subject }) => subject) });
    if (this.#heard.size > this.publishersMax) {
      const [oldest] = this.#heard.keys();
      if (oldest !== undefined) this.#heard.delete(oldest);
    }
  }

  /** Those who died since the last look. They could be heard from `sinceMs` on. */
  bury(nowMs: number, sinceMs: number): readonly Dead[] {
    const dead: Dead[] = [];
    for (const [publisher, { ms, service, told }] of this.#heard) {
      if (nowMs - Math.max(ms, sinceMs) <= DEAD_AFTER_MS) break;
      this.#heard.delete(publisher);
      dead.push({ service, told });
    }
    return dead;
  }
}
