// Deadlines that are a few ms apart are handled together: each call of `onTime` visits all waiting borrowers.
const MIN_INTERVAL_MS = 5;

/** One timer for many moments of `performance.now()`. `onTime` returns the next moment, or Infinity. */
export class SharedTimer {
  #timer: NodeJS.Timeout | undefined;
  #at = Infinity;

  constructor(private readonly onTime: () => number) {}

  /** Calls `onTime` at `moment`, or earlier if an earlier moment was given, but not within the next 5 ms. */
  fireBy(moment: number): void {
    if (moment >= this.#at) return;
    clearTimeout(this.#timer);
    this.#at = moment;
    this.#timer = setTimeout(
      () => {
        this.#at = Infinity;
        this.fireBy(this.onTime());
      },
      Math.max(MIN_INTERVAL_MS, moment - performance.now()),
    );
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
