/** The weight of a new checkout in the average, which so reflects about the last twenty. */
const WEIGHT = 0.1;

/** Time reserved for a borrower's own checkout, in averages: many checkouts last longer than one. */
const OWN_CHECKOUT = 2;

/** A moving average of how long checkouts last, and the waiting times that follow from it. */
export class CheckoutTime {
  #averageMs: number | undefined;

  add(ms: number): void {
    this.#averageMs = this.#averageMs === undefined ? ms : this.#averageMs + WEIGHT * (ms - this.#averageMs);
  }

  /**
   * How much of the `leftMs` until its deadline a borrower may wait, so that its own checkout fits in as well. It is at
   * least half of that time: checkouts differ, and a borrower must not be refused for how long those of others last.
   */
  maxWaitMs(leftMs: number): number {
    return Math.max(leftMs / 2, leftMs - OWN_CHECKOUT * (this.#averageMs ?? 0));
  }

  /** Expected wait at `place` of the queue (1 is next) for one of `connections`; 0 before the first checkout ended. */
  expectedWaitMs(place: number, connections: number): number {
    return ((this.#averageMs ?? 0) * place) / Math.max(1, connections);
  }
}
