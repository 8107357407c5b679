import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { getPosition } from '@mystocks/contracts';
import { laterLsn, lsnBytes, PlausiblePositions, type Lsn } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';

interface PositionListener {
  /** The primary has said where its log ends: the newest position is at least that when one was doubted before. */
  readonly confirmed: () => void;
  /** False positions were believed: the log ends at this offset. */
  readonly setBack: (end: number) => void;
}

/** Position of the newest event that this instance received, in the log of PostgreSQL. */
@Injectable()
export class PositionsService implements OnModuleInit, OnModuleDestroy {
  readonly #plausible = new PlausiblePositions({
    ask: async () => (await this.bus.call(getPosition, {})).lsn,
    onFalse: (end) => {
      this.#setBackTo(end);
    },
    onConfirmed: (end) => {
      this.#confirmed(end);
    },
  });
  readonly #listeners: PositionListener[] = [];
  #isDoubted = false;
  /** The warning is logged once: a broken publisher would fill the log. */
  #hasWarned = false;
  #newest: Lsn | undefined;

  constructor(private readonly bus: Bus) {}

  onModuleInit(): void {
    this.#plausible.start();
    this.bus.onConnectionChange((isConnected) => {
      if (isConnected) this.#plausible.start();
    });
  }

  onModuleDestroy(): void {
    this.#plausible.stop();
  }

  /** Position of the newest event received; a snapshot that was read after it misses no earlier event. */
  get newest(): Lsn | undefined {
    return this.#newest;
  }

  /** {@link newest} as an offset; 0 before the first event. */
  get newestOffset(): number {
    return this.#newest === undefined ? 0 : lsnBytes(this.#newest);
  }

  /** An event with this position has arrived. Answers the position as an offset; undefined when it is not believed. */
  saw(lsn: Lsn): number | undefined {
    if (!this.#plausible.accepts(lsn)) {
      if (!this.#hasWarned) log.warn({ lsn }, 'an event names a log position that is not confirmed');
      this.#hasWarned = true;
      this.#isDoubted = true;
      return undefined;
    }
    this.#newest = laterLsn(this.#newest, lsn);
    return lsnBytes(lsn);
  }

  onChange(listener: PositionListener): void {
    this.#listeners.push(listener);
  }

  #confirmed(end: Lsn): void {
    // The write behind a doubted position may have happened: snapshots must contain it.
    if (this.#isDoubted) this.#newest = laterLsn(this.#newest, end);
    this.#isDoubted = false;
    for (const { confirmed } of this.#listeners) confirmed();
  }

  #setBackTo(end: Lsn): void {
    log.warn({ log_end: end }, 'events named log positions beyond the end of the log; channels are set back');
    this.#newest = end;
    for (const { setBack } of this.#listeners) setBack(lsnBytes(end));
  }
}
