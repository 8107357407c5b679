// Many deadlines a millisecond apart are met together: a ring looks at everyone who waits.
const APART_MS = 5;

/** One timer for many moments (of `performance.now()`). `ring` answers the next moment, or Infinity. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;
  #at = Infinity;

  constructor(private readonly ring: () => number) {}

  /** Rings at `moment` or earlier. */
  by(moment: number): void {
    if (moment >= this.#at) return;
    clearTimeout(this.#timer);
    this.#at = moment;
    this.#timer = setTimeout(
      () => {
        this.#at = Infinity;
        this.by(this.ring());
      },
      Math.max(APART_MS, moment - performance.now()),
    );
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
