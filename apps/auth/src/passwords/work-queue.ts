import { Failure } from '@mystocks/contracts';
import { currentContext } from '@mystocks/telemetry';

export interface WorkQueueOptions {
  readonly atOnce: number;
  /** How many may wait; whoever comes then is turned away at once. */
  readonly waitingMax: number;
}

const RETRY_AFTER_S = 5;

/** Costly work, a few pieces at a time and in order: a flood of logins must not take the machine (ASVS 15.2.2). */
export class WorkQueue {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(private readonly options: WorkQueueOptions) {}

  /**
   * Runs `work` when its turn has come.
   * @throws {Failure} `unavailable` when too many wait already, `timeout` when its turn came after the caller's deadline
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#turn();
    try {
      const deadlineMs = currentContext()?.deadlineMs;
      if (deadlineMs !== undefined && deadlineMs <= Date.now())
        throw new Failure('timeout', 'The login queue took too long');
      return await work();
    } finally {
      this.#next();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < this.options.atOnce) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.options.waitingMax) {
      throw new Failure('unavailable', 'Too many logins at once; try again', { retryAfterS: RETRY_AFTER_S });
    }
    // The one who leaves hands over its place, so `running` stays as it is.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
