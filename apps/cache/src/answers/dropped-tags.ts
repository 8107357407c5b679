import type { Tier } from '@mystocks/tiered-cache';

/**
 * Drops tags from a tier, one operation at a time: tags that come while one is under way go together in the next.
 * A feed announces thousands of quotes a second; fences already keep their old answers from being served.
 */
export class DroppedTags {
  readonly #waiting = new Set<string>();
  #underWay = false;

  constructor(private readonly tier: Tier) {}

  add(tags: readonly string[]): void {
    for (const tag of tags) this.#waiting.add(tag);
    if (!this.#underWay) void this.#drop();
  }

  async #drop(): Promise<void> {
    this.#underWay = true;
    while (this.#waiting.size > 0) {
      const tags = [...this.#waiting];
      this.#waiting.clear();
      await this.tier.deleteTags(tags);
    }
    this.#underWay = false;
  }
}
