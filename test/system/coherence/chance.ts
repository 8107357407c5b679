import { seeded } from '../../../libs/testing/src/workloads/seeded.js';

/** Everything that happens by chance in one run, from its seed alone. */
export class Chance {
  readonly #next: () => number;

  constructor(readonly seed: number) {
    this.#next = seeded(seed);
  }

  happens(probability: number): boolean {
    return this.#next() < probability;
  }

  /** A whole number from 0 to `max`. */
  upTo(max: number): number {
    return Math.floor(this.#next() * (max + 1));
  }

  oneOf<T>(values: readonly T[]): T {
    const value = values[this.upTo(values.length - 1)];
    if (value === undefined) throw new Error('nothing to choose from');
    return value;
  }
}
