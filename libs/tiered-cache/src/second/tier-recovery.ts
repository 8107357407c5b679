import { log } from '@mystocks/telemetry';

export interface TierRecoveryOptions {
  /** What it is, for the log. */
  readonly name: string;
  /** Settles when the store can be used; fails as long as it cannot. */
  readonly probe: () => Promise<void>;
  /** Does in the store what could not be done when it was asked for; fails when it cannot. */
  readonly catchUp: () => Promise<void>;
}

/** How often a store that failed is tried again, ms. */
const MEND_EVERY_MS = 200;

/**
 * Whether a store is asked. After one failed operation not until a probe answers again, so that a store that hangs costs
 * one deadline and not one deadline a read; and not until what was missed is made up for, so that what could not be dropped
 * is never served. It is not asked before the first probe either.
 */
export class TierRecovery {
  #failing = true;
  #told = false;
  #dueAsked = 0;
  #dueDone = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<void> | undefined;

  constructor(private readonly options: TierRecoveryOptions) {
    void this.#mend();
  }

  /** Whether operations are sent now. */
  get serving(): boolean {
    return !this.#failing && this.#dueDone === this.#dueAsked && !this.#closed;
  }

  /**
   * What `work` came to; undefined, at once, while nothing is sent, and when it fails or when a failure, or something to
   * make up for, came meanwhile.
   */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (!this.serving) return undefined;
    const due = this.#dueAsked;
    try {
      const result = await work();
      return this.serving && due === this.#dueAsked ? result : undefined;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  /** Makes up for what was missed before anything is served again; settles when that is done, or was tried in vain. */
  async catchUp(): Promise<void> {
    if (this.#closed) return;
    this.#dueAsked += 1;
    const asked = this.#dueAsked;
    await this.#mend();
    // A mending that was just ending may not have seen it.
    if (this.#dueDone < asked && !this.#failing) await this.#mend();
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
      while (this.#dueDone !== this.#dueAsked) {
        const asked = this.#dueAsked;
        await this.options.catchUp();
        this.#dueDone = asked;
      }
      if (this.#told) log.info(`${this.options.name} answers again`);
      this.#told = false;
      this.#failing = false;
    } catch (error) {
      this.#fail(error);
    }
  }
}
