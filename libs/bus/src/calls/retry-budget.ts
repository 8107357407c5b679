/**
 * Allows retries for at most a tenth of the calls to one destination, so that a dead dependency sees at most 1.1 times
 * the traffic (Google SRE book; reliability.md §1). It starts empty, so that the
 * first ten calls earn the first retry, or with `atFirst` retries.
 */
export class RetryBudget {
  #tokens: number;

  constructor(
    private readonly share = 0.1,
    private readonly kept = 10,
    atFirst = 0,
  ) {
    this.#tokens = atFirst;
  }

  /** One first attempt was made. */
  earn(): void {
    this.#tokens = Math.min(this.kept, this.#tokens + this.share);
  }

  /** Takes one retry, if there is one. */
  take(): boolean {
    // Ten tenths in floating point are a little less than one.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }
}
