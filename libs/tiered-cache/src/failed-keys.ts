import type { Clock } from '@mystocks/kernel';

/** How long a key is not fetched again after a failure, while its last good answer is served, ms. */
const REST_MS = 1_000;
const KEYS_MAX = 10_000;

/** Keys whose owner could not be asked a moment ago: without this every read would wait for the same failure again. */
export class FailedKeys {
  readonly #untilMs = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  note(key: string): void {
    if (this.#untilMs.size >= KEYS_MAX) this.#untilMs.clear();
    this.#untilMs.set(key, this.clock.now() + REST_MS);
  }

  has(key: string): boolean {
    const untilMs = this.#untilMs.get(key);
    if (untilMs === undefined) return false;
    if (untilMs > this.clock.now()) return true;
    this.#untilMs.delete(key);
    return false;
  }
}
