import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { Failure, recordAccesses } from '@mystocks/contracts';
import { log } from '@mystocks/telemetry';
import { ReadCells, type ReadCell } from './read-cells.js';

const REPORT_EVERY_MS = 30_000;

/**
 * Counts which symbols are read, and reports them to the cache service every half minute and on shutdown. While that
 * service is away the counts are kept and reported later; they never delay a read.
 */
@Injectable()
export class AccessesService implements OnModuleInit, OnModuleDestroy {
  readonly #cells = new ReadCells();
  #timer: NodeJS.Timeout | undefined;
  #reporting: Promise<void> | undefined;

  constructor(@Inject(Bus) private readonly bus: Pick<Bus, 'call'>) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => void this.report(), REPORT_EVERY_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reporting;
    await this.report();
  }

  /** What an answer with these tags carries to count its reads: `add()` once for each time it is served. */
  cellOf(tags: readonly string[]): ReadCell {
    return this.#cells.cellOf(tags);
  }

  /** Reports what was counted since the last time. Never fails. */
  report(): Promise<void> {
    return (this.#reporting ??= this.#report().finally(() => {
      this.#reporting = undefined;
    }));
  }

  async #report(): Promise<void> {
    const reads = this.#cells.take();
    if (reads.length === 0) return;
    try {
      await this.bus.call(recordAccesses, { reads });
    } catch (error) {
      // After anything but `unavailable` they may have been recorded: a count that is lost does less harm than one that
      // grows with every failure.
      if (error instanceof Failure && error.code === 'unavailable') this.#cells.putBack(reads);
      log.debug({ err: error, count: reads.length }, 'read counts could not be reported to the cache service');
    }
  }
}
