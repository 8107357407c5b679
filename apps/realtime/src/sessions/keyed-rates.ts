import { Rate, type RateLimit } from './rate.js';

/** Share of the buckets that is evicted when all are in use. */
const EVICTED_SHARE = 0.1;

/**
 * One token bucket for each key, for as long as it is not full. At most `keysMax` buckets are held: beyond that the full ones
 * are evicted, and where none is full the oldest.
 */
export class KeyedRates {
  readonly #rates = new Map<string, Rate>();

  constructor(
    private readonly limit: RateLimit,
    private readonly keysMax: number,
  ) {}

  of(key: string, nowMs: number): Rate {
    const known = this.#rates.get(key);
    if (known !== undefined) return known;
    if (this.#rates.size >= this.keysMax) this.#evict(nowMs);
    const rate = new Rate(this.limit, nowMs);
    this.#rates.set(key, rate);
    return rate;
  }

  get size(): number {
    return this.#rates.size;
  }

  #evict(nowMs: number): void {
    for (const [key, rate] of this.#rates) if (rate.isFull(nowMs)) this.#rates.delete(key);
    const tooMany = this.#rates.size - Math.floor(this.keysMax * (1 - EVICTED_SHARE));
    if (tooMany <= 0) return;
    for (const key of [...this.#rates.keys()].slice(0, tooMany)) this.#rates.delete(key);
  }
}
