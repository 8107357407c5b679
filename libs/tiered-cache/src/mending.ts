import { log } from '@mystocks/telemetry';

export interface MendingOptions {
  /** What it is, for the log. */
  readonly name: string;
  /** Settles when the store can be used; fails as long as it cannot. */
  readonly probe: () => Promise<void>;
  /** Clears everything of the house in the store; fails when it cannot. */
  readonly clearAll: () => Promise<void>;
}

/** How often a store that failed is tried again, ms. */
const MEND_EVERY_MS = 200;

/**
 * Whether a store is asked. After one failed operation not until a probe answers again, so that a store that hangs costs
 * one deadline and not one deadline a read; and not until a clearing that was asked for is done, so that what could not
 * be dropped is never served. It is not asked before the first probe either.
 */
export class Mending {
  #failing = true;
  #told = false;
  #clearsAsked = 0;
  #clearsDone = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<void> | undefined;

  constructor(private readonly options: MendingOptions) {
    void this.#mend();
  }

  /** Whether operations are sent now. */
  get serving(): boolean {
    return !this.#failing && this.#clearsDone === this.#clearsAsked && !this.#closed;
  }

  /** What `work` came to; undefined, at once, while nothing is sent, and when it fails or a failure or clearing came meanwhile. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (!this.serving) return undefined;
    const clears = this.#clearsAsked;
    try {
      const result = await work();
      return this.serving && clears === this.#clearsAsked ? result : undefined;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  /** Clears everything before anything is served again; settles when that is done, or was tried in vain. */
  async clear(): Promise<void> {
    if (this.#closed) return;
    this.#clearsAsked += 1;
    const asked = this.#clearsAsked;
    await this.#mend();
    // A mending that was just ending may not have seen it.
    if (this.#clearsDone < asked && !this.#failing) await this.#mend();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#failing = true;
    if (!this.#told) {
      this.#told = true;
      log.warn({ err: error }, `${this.options.name} fails: reads go to their owners`);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#mend(), MEND_EVERY_MS).unref();
  }

  #mend(): Promise<void> {
    this.#underWay ??= this.#tryToMend().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #tryToMend(): Promise<void> {
    try {
      await this.options.probe();
      while (this.#clearsDone !== this.#clearsAsked) {
        const asked = this.#clearsAsked;
        await this.options.clearAll();
        this.#clearsDone = asked;
      }
      if (this.#told) log.info(`${this.options.name} answers again`);
      this.#told = false;
      this.#failing = false;
    } catch (error) {
      this.#fail(error);
    }
  }
}
