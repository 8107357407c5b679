import { laterLsn, type Lsn } from '@mystocks/kernel';
import type { Tier } from './tier.js';

/**
 * Invalidates tags in a tier, one operation at a time: tags that arrive while an operation runs go together in the next
 * one. A feed writes thousands of quotes a second, and fences already keep their old answers from being served.
 */
export class TagInvalidations {
  readonly #waiting = new Set<string>();
  #latest: Lsn | undefined;
  #isRunning = false;

  constructor(private readonly tier: Tier) {}

  add(tags: readonly string[], lsn: Lsn): void {
    for (const tag of tags) this.#waiting.add(tag);
    this.#latest = laterLsn(this.#latest, lsn);
    if (!this.#isRunning) void this.#invalidate();
  }

  /** The positions were false, and the tier is cleared: nothing is left to invalidate. */
  forget(): void {
    this.#waiting.clear();
    this.#latest = undefined;
  }

  async #invalidate(): Promise<void> {
    this.#isRunning = true;
    for (let lsn = this.#latest; lsn !== undefined && this.#waiting.size > 0; lsn = this.#latest) {
      const tags = [...this.#waiting];
      this.#waiting.clear();
      this.#latest = undefined;
      await this.tier.invalidate(tags, lsn);
    }
    this.#isRunning = false;
  }
}
