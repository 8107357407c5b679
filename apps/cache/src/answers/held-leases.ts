import type { Lease, Tier } from '@mystocks/tiered-cache';

/** How long a lease is given: so long a key waits for a holder that is no more. */
export const LEASE_MS = 1_000;
const RENEW_EVERY_MS = 400;
/** Nothing is asked for so long: a lease that is still held then was forgotten. */
const RENEWALS_MAX = 50;

/** The leases this process holds: renewed until they are let go of. */
export class HeldLeases {
  readonly #held = new Map<Lease, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly tier: Tier) {}

  hold(lease: Lease): void {
    this.#held.set(lease, 0);
    this.#timer ??= setInterval(() => {
      this.#renewAll();
    }, RENEW_EVERY_MS).unref();
  }

  /** Renews it no more; ended or not is the tier's matter. */
  letGo(lease: Lease): void {
    this.#held.delete(lease);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #renewAll(): void {
    for (const [lease, renewals] of this.#held) {
      this.#held.set(lease, renewals + 1);
      if (renewals >= RENEWALS_MAX) this.letGo(lease);
      else void this.#renew(lease);
    }
  }

  async #renew(lease: Lease): Promise<void> {
    if (!(await this.tier.renew(lease, LEASE_MS))) this.letGo(lease);
  }
}
