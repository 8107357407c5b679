/** How much one more lease counts: the last twenty or so are what is remembered. */
const WEIGHT = 0.1;

/** What a borrower's own lease may take, in averages: many take longer than one. */
const OWN_USE = 2;

/** How long leases last of late (a moving average), and from it how long a queue will take. */
export class UseTime {
  #averageMs: number | undefined;

  add(ms: number): void {
    this.#averageMs = this.#averageMs === undefined ? ms : this.#averageMs + WEIGHT * (ms - this.#averageMs);
  }

  /**
   * How much of the `leftMs` that a borrower has it may wait, so that its own lease fits in too. Half of it at least:
   * leases differ, and one that knows nothing of itself must not be refused for the others' long ones.
   */
  patienceMs(leftMs: number): number {
    return Math.max(leftMs / 2, leftMs - OWN_USE * (this.#averageMs ?? 0));
  }

  /** Wait of the one at `place` (1 is next) when `connections` serve the queue; 0 as long as nothing is known. */
  waitMs(place: number, connections: number): number {
    return ((this.#averageMs ?? 0) * place) / Math.max(1, connections);
  }
}
