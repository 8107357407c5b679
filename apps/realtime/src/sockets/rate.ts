/** A token bucket: `perSecond` on average, up to `burst` at once. Time is an argument. */
export class Rate {
  #left: number;
  #atMs: number;

  constructor(
    private readonly limit: { readonly perSecond: number; readonly burst: number },
    nowMs: number,
  ) {
    this.#left = limit.burst;
    this.#atMs = nowMs;
  }

  /** Takes one; false when there is none left. */
  take(nowMs: number): boolean {
    this.#left = Math.min(this.limit.burst, this.#left + ((nowMs - this.#atMs) / 1_000) * this.limit.perSecond);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
