import type { Bus } from '@mystocks/bus';
import { CalendarCopy } from '@mystocks/calendar';
import { calendarChanged, getTradingDays } from '@mystocks/contracts';
import { log } from '@mystocks/telemetry';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';

/** Keeps the trading calendar of this service equal to that of its owner; until that answers it is the built-in one. */
export class CalendarCopyService implements OnModuleInit, OnModuleDestroy {
  readonly #copy: CalendarCopy;
  #following: { stop(): void } | undefined;

  constructor(private readonly bus: Pick<Bus, 'call' | 'subscribe'>) {
    this.#copy = new CalendarCopy(
      () => bus.call(getTradingDays, {}),
      (error) => {
        log.debug({ err: error }, 'the trading calendar could not be loaded again');
      },
    );
  }

  onModuleInit(): void {
    this.#following = this.bus.subscribe(calendarChanged, () => {
      void this.#copy.refresh();
    });
    this.#copy.start();
  }

  onModuleDestroy(): void {
    this.#following?.stop();
    this.#copy.stop();
  }
}
