import type { Lease, Tier } from './tier.js';

/** Lease duration. If the holder crashes, other readers of the key wait at most this long. */
export const LEASE_MS = 1_000;
const RENEW_EVERY_MS = 400;
/** No request to an owner takes longer than this many renewals: a lease that is still held then was forgotten. */
const RENEWALS_MAX = 50;

/** The leases that this process holds. They are renewed until they are let go. */
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

  /** Stops renewing the lease. The tier decides when it expires. */
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
