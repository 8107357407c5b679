import { log } from '@mystocks/telemetry';

export interface TierRecoveryOptions {
  /** The store's name in the log. */
  readonly name: string;
  /** Resolves when the store can be used; rejects as long as it cannot. */
  readonly probe: () => Promise<void>;
  /** Does in the store what could not be done when it was requested; rejects when that fails. */
  readonly catchUp: () => Promise<void>;
}

/** How often a store that failed is tried again, ms. */
const RETRY_EVERY_MS = 200;

/**
 * Decides whether operations are sent to a store. After one failed operation none is sent until a probe succeeds, so that a
 * store that hangs costs one deadline and not one for each read. Nor is any sent until the missed changes are done, so that
 * an entry that could not be dropped is never served. Before the first probe none is sent either.
 */
export class TierRecovery {
  #failing = true;
  #logged = false;
  #dueRequested = 0;
  #dueDone = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly options: TierRecoveryOptions) {
    void this.#recover();
  }

  /** Whether operations are sent now. */
  get serving(): boolean {
    return !this.#failing && this.#dueDone === this.#dueRequested && !this.#closed;
  }

  /**
   * The result of `work`; undefined when it fails, when another operation failed or a change was missed meanwhile, and at
   * once while nothing is sent.
   */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (!this.serving) return undefined;
    const due = this.#dueRequested;
    try {
      const result = await work();
      return this.serving && due === this.#dueRequested ? result : undefined;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  /** Does the missed changes before anything is served again; resolves when they are done or have been tried in vain. */
  async catchUp(): Promise<void> {
    if (this.#closed) return;
    this.#dueRequested += 1;
    const asked = this.#dueRequested;
    await this.#recover();
    // A recovery that was just ending may not have included this change.
    if (this.#dueDone < asked && !this.#failing) await this.#recover();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#failing = true;
    if (!this.#logged) {
      this.#logged = true;
      log.warn({ err: error }, `${this.options.name} fails: reads go to their owners`);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#recover(), RETRY_EVERY_MS).unref();
  }

  #recover(): Promise<void> {
    this.#running ??= this.#tryToRecover().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #tryToRecover(): Promise<void> {
    try {
      await this.options.probe();
      while (this.#dueDone !== this.#dueRequested) {
        const asked = this.#dueRequested;
        await this.options.catchUp();
        this.#dueDone = asked;
      }
      if (this.#logged) log.info(`${this.options.name} answers again`);
      this.#logged = false;
      this.#failing = false;
    } catch (error) {
      this.#fail(error);
    }
  }
}
