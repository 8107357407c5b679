/** How much one more lease counts: the last twenty or so are what is remembered. */
const WEIGHT = 0.1;

/** How long leases last of late (a moving average), and from it how long a queue will take. */
export class UseTime {
  #averageMs: number | undefined;

  add(ms: number): void {
    this.#averageMs = this.#averageMs === undefined ? ms : this.#averageMs + WEIGHT * (ms - this.#averageMs);
  }

  /** Wait of the one at `place` (1 is next) when `connections` serve the queue; 0 as long as nothing is known. */
  waitMs(place: number, connections: number): number {
    return ((this.#averageMs ?? 0) * place) / Math.max(1, connections);
  }
}
