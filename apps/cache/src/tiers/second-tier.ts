import type { OnApplicationShutdown } from '@nestjs/common';
import type { Tier } from '@mystocks/tiered-cache';

/** The tier that CACHE_L2 names, where Nest can find it. */
export class SecondTier implements OnApplicationShutdown {
  constructor(readonly tier: Tier) {}

  /** For readiness, named after what it is built on; one in memory is always well. */
  check(): { readonly name: string; readonly probe: () => Promise<void> } {
    return { name: this.tier.kind, probe: () => this.tier.probe() };
  }

  /** Last of all: requests under way may still read. */
  async onApplicationShutdown(): Promise<void> {
    await this.tier.close();
  }
}
