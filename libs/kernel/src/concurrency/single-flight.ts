/** Callers that ask for the same key while its work is under way share one answer (or one failure). */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** Runs `work` for `key`, or joins the run already under way. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const under = this.#flights.get(key);
    if (under !== undefined) return under;
    const flight = work().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  /** How many keys are being worked on now. */
  get size(): number {
    return this.#flights.size;
  }
}
