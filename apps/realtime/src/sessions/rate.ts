/** What a {@link Rate} allows. */
export interface RateLimit {
  readonly perSecond: number;
  /** How many at once, after a pause. */
  readonly burst: number;
}

/** A token bucket: `perSecond` on average, up to `burst` at once. Time is an argument. */
export class Rate {
  #left: number;
  #atMs: number;

  constructor(
    private readonly limit: RateLimit,
    nowMs: number,
  ) {
    this.#left = limit.burst;
    this.#atMs = nowMs;
  }

  /** Takes `count`; false, and nothing is taken, when fewer are left. */
  take(nowMs: number, count = 1): boolean {
    this.#refill(nowMs);
    if (this.#left < count) return false;
    this.#left -= count;
    return true;
  }

  /** Milliseconds until `count` can be taken; infinite when `count` exceeds the burst. */
  waitMs(nowMs: number, count: number): number {
    this.#refill(nowMs);
    if (count > this.limit.burst) return Infinity;
    return Math.max(0, ((count - this.#left) / this.limit.perSecond) * 1_000);
  }

  /** Nothing was taken for so long that forgetting this bucket makes no difference. */
  isFull(nowMs: number): boolean {
    return this.waitMs(nowMs, this.limit.burst) === 0;
  }

  #refill(nowMs: number): void {
    this.#left = Math.min(this.limit.burst, this.#left + ((nowMs - this.#atMs) / 1_000) * this.limit.perSecond);
    this.#atMs = nowMs;
  }
}
