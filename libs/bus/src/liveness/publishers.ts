import type { PublisherCounted } from '@mystocks/contracts';

/** A publisher not heard for so long is taken for dead. */
const DEAD_AFTER_MS = 2_000;

/** Some instances of a service are missing: they fell silent without a farewell, and are still handed calls. */
export interface Absence {
  /** Those that are heard, at least one. */
  readonly living: readonly string[];
  /** What part of the calls may get lost. */
  readonly loss: number;
}

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
  /** Who went without a farewell, has not come back and is not known to be gone; longest ago first. */
  readonly #missing = new Map<string, { readonly service: string }>();
  /** What {@link absenceOf} has worked out since anybody came or went. */
  readonly #absences = new Map<string, Absence | 'none'>();

  constructor(private readonly publishersMax = 1_000) {}

  heard({ service, publisher, counts, last }: PublisherCounted, nowMs: number): void {
    const isKnown = this.#heard.delete(publisher);
    if (!isKnown || last === true) this.#absences.delete(service);
    this.#missing.delete(publisher);
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
      this.#missing.set(publisher, { service });
      this.#absences.delete(service);
      dead.push({ service, told });
    }
    for (const publisher of this.#missing.keys()) {
      if (this.#missing.size <= this.publishersMax) break;
      this.forget(publisher);
    }
    return dead;
  }

  /** Who may be frozen, or gone. */
  get missing(): Iterable<string> {
    return this.#missing.keys();
  }

  /** Is not frozen but gone: nobody is handed anything for it. */
  forget(publisher: string): void {
    const gone = this.#missing.get(publisher);
    if (gone === undefined) return;
    this.#missing.delete(publisher);
    this.#absences.delete(gone.service);
  }

  /**
   * What is known of the instances of `service`; undefined while none is missing, or all are. NATS hands a frozen process
   * its share of the calls for as long as the kernel takes them: it does not ping whom it sends something, and our beats
   * go to everybody.
   */
  absenceOf(service: string): Absence | undefined {
    if (this.#missing.size === 0) return undefined;
    let absence = this.#absences.get(service);
    if (absence === undefined) {
      const living = named(this.#heard, service);
      const missing = named(this.#missing, service).length;
      absence = missing === 0 || living.length === 0 ? 'none' : { living, loss: missing / (missing + living.length) };
      this.#absences.set(service, absence);
    }
    return absence === 'none' ? undefined : absence;
  }
}

function named(all: ReadonlyMap<string, { readonly service: string }>, service: string): string[] {
  return [...all].flatMap(([publisher, one]) => (one.service === service ? [publisher] : []));
}
