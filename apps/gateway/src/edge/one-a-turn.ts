/**
 * Begins one piece of work in a turn of the event loop, in the order of arrival. Of 200 requests that arrive together
 * only the parsing then holds up a read that arrives with them, and not everything that answers them.
 */
export class OneATurn {
  readonly #waiting: (() => void)[] = [];

  run(work: () => void): void {
    if (this.#waiting.length === 0) setImmediate(this.#beginNext);
    this.#waiting.push(work);
  }

  readonly #beginNext = (): void => {
    const work = this.#waiting.shift();
    // First, because work may throw.
    if (this.#waiting.length > 0) setImmediate(this.#beginNext);
    work?.();
  };
}
