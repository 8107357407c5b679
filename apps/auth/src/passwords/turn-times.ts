const REMEMBERED = 32;

/** How long the latest 32 turns took, from which it is worked out how long a queue will take. Milliseconds. */
export class TurnTimes {
  readonly #latest: number[] = [];

  add(ms: number): void {
    this.#latest.push(ms);
    if (this.#latest.length > REMEMBERED) this.#latest.shift();
  }

  /** What a turn takes on average; 0 as long as none was measured. */
  get meanMs(): number {
    const { length } = this.#latest;
    return length === 0 ? 0 : this.#latest.reduce((sum, ms) => sum + ms, 0) / length;
  }

  /** What nine of ten turns do not exceed; 0 as long as none was measured. */
  get mostMs(): number {
    const sorted = this.#latest.toSorted((one, other) => one - other);
    return sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0;
  }
}
