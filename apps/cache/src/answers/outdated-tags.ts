import { laterLsn, type Lsn } from '@mystocks/kernel';
import type { Tier } from '@mystocks/tiered-cache';

/**
 * Outdates tags in a tier, one operation at a time: tags that come while one is under way go together in the next.
 * A feed announces thousands of quotes a second; fences already keep their old answers from being served.
 */
export class OutdatedTags {
  readonly #waiting = new Set<string>();
  #latest: Lsn | undefined;
  #underWay = false;

  constructor(private readonly tier: Tier) {}

  add(tags: readonly string[], lsn: Lsn): void {
    for (const tag of tags) this.#waiting.add(tag);
    this.#latest = laterLsn(this.#latest, lsn);
    if (!this.#underWay) void this.#outdate();
  }

  /** Positions were false, and the tier is cleared: what waits has nothing left to outdate. */
  forget(): void {
    this.#waiting.clear();
    this.#latest = undefined;
  }

  async #outdate(): Promise<void> {
    this.#underWay = true;
    for (let lsn = this.#latest; lsn !== undefined && this.#waiting.size > 0; lsn = this.#latest) {
      const tags = [...this.#waiting];
      this.#waiting.clear();
      this.#latest = undefined;
      await this.tier.outdate(tags, lsn);
    }
    this.#underWay = false;
  }
}
