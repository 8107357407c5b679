import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, type Clock } from '@mystocks/kernel';

/** A clock that can be waited by. */
export interface Time extends Clock {
  sleep(ms: number): Promise<unknown>;
}

export const systemTime: Time = { now: () => systemClock.now(), sleep: (ms) => pause(ms, undefined, { ref: false }) };

/** Rest after the owner was overloaded: the first, and the longest, ms. */
const REST_MIN_MS = 1_000;
const REST_MAX_MS = 8_000;

/** Keeps questions to the owners at even distances, and rests when they have too much to do. */
export class Pace {
  readonly #gapMs: number;
  #nextAtMs = -Infinity;
  #restMs = REST_MIN_MS;

  constructor(
    perSecond: number,
    private readonly time: Time,
  ) {
    this.#gapMs = 1_000 / perSecond;
  }

  /** Waits until the next question may be asked. */
  async ready(): Promise<void> {
    for (let nowMs = this.time.now(); nowMs < this.#nextAtMs; nowMs = this.time.now()) {
      await this.time.sleep(Math.ceil(this.#nextAtMs - nowMs));
    }
  }

  /** A question is asked now. */
  asks(): void {
    this.#nextAtMs = Math.max(this.#nextAtMs, this.time.now() + this.#gapMs);
  }

  /** The owner did what it was asked. */
  answered(): void {
    this.#restMs = REST_MIN_MS;
  }

  /** The owner refused because of too much: nothing is asked for a second, after another refusal for two, up to eight. */
  overloaded(): void {
    this.#nextAtMs = this.time.now() + this.#restMs;
    this.#restMs = Math.min(REST_MAX_MS, this.#restMs * 2);
  }
}
