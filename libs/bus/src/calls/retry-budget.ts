/**
 * Allows retries for at most a tenth of the calls to one service, so that a failed service gets at most 1.1 times the
 * usual traffic (Google SRE book). It starts empty, so the first ten calls earn the first retry; `initial` retries are
 * available without being earned.
 */
export class RetryBudget {
  #tokens: number;

  constructor(
    private readonly share = 0.1,
    private readonly max = 10,
    initial = 0,
  ) {
    this.#tokens = initial;
  }

  /** To be called for the first attempt of each call. */
  earn(): void {
    this.#tokens = Math.min(this.max, this.#tokens + this.share);
  }

  /** Takes one retry; false when none is left. */
  take(): boolean {
    // Ten tenths in floating point are a little less than one.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }
}
