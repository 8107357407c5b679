import type { PublisherCounted } from '@mystocks/contracts';

/** An instance without a heartbeat for this long is missing. */
const MISSING_AFTER_MS = 2_000;

/** Some instances of a service are missing, and NATS may still hand them calls; others send heartbeats. */
export interface PartialOutage {
  /** The instances that send heartbeats, at least one. */
  readonly healthy: readonly string[];
  /** The part of the service's instances that is missing, and so the part of its calls that may get lost. */
  readonly missingShare: number;
}

/** An instance that stopped sending heartbeats without a last one. */
export interface LostInstance {
  readonly service: string;
  /** The numbered events it has published. */
  readonly published: readonly string[];
}

/**
 * Counts the instances on the bus and those of them that are missing. An instance that went missing may have committed a
 * write without having published its event, perhaps its first. Times are ms of any one clock.
 */
export class Instances {
  /** The instances that send heartbeats, the one whose last heartbeat is oldest first. */
  readonly #healthy = new Map<string, LostInstance & { readonly lastMs: number }>();
  /** The instances that are missing and not known to be gone, the one that is missing longest first. */
  readonly #missing = new Map<string, { readonly service: string }>();
  /** Results of {@link partialOutageOf}, until the instances of the service change. */
  readonly #outages = new Map<string, PartialOutage | 'none'>();

  constructor(private readonly instancesMax = 1_000) {}

  received({ service, publisher, counts, last }: PublisherCounted, nowMs: number): void {
    const isKnown = this.#healthy.delete(publisher);
    if (!isKnown || last === true) this.#outages.delete(service);
    this.#missing.delete(publisher);
    if (last === true) return;
    this.#healthy.set(publisher, { lastMs: nowMs, service, published: counts.map(({ subject }) => subject) });
    if (this.#healthy.size > this.instancesMax) {
      const [oldest] = this.#healthy.keys();
      if (oldest !== undefined) this.#healthy.delete(oldest);
    }
  }

  /**
   * Moves the instances without a heartbeat for 2 s to the missing ones and returns them. Heartbeats could arrive without
   * interruption since `receivingSinceMs`; time before that is not counted.
   */
  removeSilent(nowMs: number, receivingSinceMs: number): readonly LostInstance[] {
    const lost: LostInstance[] = [];
    for (const [publisher, { lastMs, service, published }] of this.#healthy) {
      if (nowMs - Math.max(lastMs, receivingSinceMs) <= MISSING_AFTER_MS) break;
      this.#healthy.delete(publisher);
      this.#missing.set(publisher, { service });
      this.#outages.delete(service);
      lost.push({ service, published });
    }
    for (const publisher of this.#missing.keys()) {
      if (this.#missing.size <= this.instancesMax) break;
      this.gone(publisher);
    }
    return lost;
  }

  /** The instances that may be frozen, or gone. */
  get missing(): Iterable<string> {
    return this.#missing.keys();
  }

  /** NATS says that the missing instance has disconnected: no call can be routed to it any more. */
  gone(publisher: string): void {
    const instance = this.#missing.get(publisher);
    if (instance === undefined) return;
    this.#missing.delete(publisher);
    this.#outages.delete(instance.service);
  }

  /**
   * Undefined while no instance of `service` is missing, or while all are. NATS hands a frozen process its share of the
   * calls for as long as the kernel accepts them: it does not ping a client that it sends messages to, and it sends our
   * heartbeats to all clients.
   */
  partialOutageOf(service: string): PartialOutage | undefined {
    if (this.#missing.size === 0) return undefined;
    let outage = this.#outages.get(service);
    if (outage === undefined) {
      const healthy = instancesOf(this.#healthy, service);
      const missing = instancesOf(this.#missing, service).length;
      outage =
        missing === 0 || healthy.length === 0
          ? 'none'
          : { healthy, missingShare: missing / (missing + healthy.length) };
      this.#outages.set(service, outage);
    }
    return outage === 'none' ? undefined : outage;
  }
}

function instancesOf(all: ReadonlyMap<string, { readonly service: string }>, service: string): string[] {
  return [...all].flatMap(([publisher, one]) => (one.service === service ? [publisher] : []));
}
