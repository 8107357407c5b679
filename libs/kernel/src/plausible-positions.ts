import { lsnBytes, type Lsn } from './lsn.js';

/**
 * How far beyond the newest confirmed position an announced one is believed, bytes of log: more than a server writes
 * between two confirmations, so that honest events are believed at once.
 */
export const AHEAD_MAX_BYTES = 1_024 ** 3;
/** Positions are confirmed at once when one is announced beyond the confirmed ones, then at most this often. */
const CONFIRM_EVERY_MS = 250;
/** While nothing is announced: so that the log does not grow by more than {@link AHEAD_MAX_BYTES} unnoticed. */
const CONFIRM_IDLE_MS = 5_000;
/** After the owner could not be asked. */
const RETRY_MS = 1_000;

interface PlausiblePositionsOptions {
  /** Asks the primary where its log ends now. */
  readonly ask: () => Promise<Lsn>;
  /** The log ends at `end`, but a position beyond that was believed: what depends on positions after `end` is wrong. */
  readonly onFalse: (end: Lsn) => void;
  /** The log reaches to `end`; called after each answer. */
  readonly onConfirmed?: (end: Lsn) => void;
}

/**
 * Which log positions of events are believed. An event is published after its commit, so no honest one names a position
 * beyond the end of the primary's log, asked later. A position far ahead of what is confirmed is not believed at all;
 * one that is near is believed, and then confirmed or found false.
 */
export class PlausiblePositions {
  /** Newest positions, as bytes; the start of the log before there is any. */
  #confirmed = 0;
  #believed = 0;
  #isDue = false;
  #isAsking = false;
  #isStopped = false;
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly options: PlausiblePositionsOptions) {
    this.#timer = setInterval(() => {
      this.#confirm();
    }, CONFIRM_IDLE_MS).unref();
  }

  /** Whether a position is believed; when it is beyond the confirmed ones, the primary is asked. */
  accepts(lsn: Lsn): boolean {
    const position = lsnBytes(lsn);
    const aheadBytes = position - this.#confirmed;
    const isNear = aheadBytes <= AHEAD_MAX_BYTES;
    if (isNear && position > this.#believed) this.#believed = position;
    if (aheadBytes > 0) this.#confirm();
    return isNear;
  }

  /** To be called when the owner may be reachable for the first time or again: positions of its log are believed soon. */
  start(): void {
    this.#confirm();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  #confirm(): void {
    this.#isDue = true;
    if (!this.#isAsking && !this.#isStopped) void this.#askWhileDue();
  }

  async #askWhileDue(): Promise<void> {
    this.#isAsking = true;
    while (this.#isDue && !this.#isStopped) {
      this.#isDue = false;
      // Only these must lie before the end of the log: what is announced while it is asked may lie after it.
      const believed = this.#believed;
      let pauseMs = CONFIRM_EVERY_MS;
      try {
        this.#learn(await this.options.ask(), believed);
      } catch {
        // The owner cannot be asked: positions stay as they are until it can.
        this.#isDue = true;
        pauseMs = RETRY_MS;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
    }
    this.#isAsking = false;
  }

  #learn(end: Lsn, believed: number): void {
    if (this.#isStopped) return;
    this.#confirmed = lsnBytes(end);
    if (believed > this.#confirmed) {
      this.#believed = this.#confirmed;
      this.options.onFalse(end);
    }
    this.options.onConfirmed?.(end);
  }
}
