import { Handles } from '@mystocks/bus';
import {
  getClock,
  getTradingDays,
  listCalendar,
  storeCalendar,
  type Answer,
  type CalendarRequest,
  type StoreCalendarRequest,
  type StoredCalendar,
  type TradingDays,
} from '@mystocks/contracts';
import { currentContext } from '@mystocks/telemetry';
import { Controller } from '@nestjs/common';
import { CalendarService } from './calendar.service.js';
import { TradingDaysService } from './trading-days.service.js';

@Controller()
export class CalendarHandler {
  constructor(
    private readonly calendar: CalendarService,
    private readonly tradingDays: TradingDaysService,
  ) {}

  @Handles(listCalendar)
  async list(request: CalendarRequest): Promise<Answer> {
    await this.tradingDays.showing(currentContext()?.readAfter);
    return this.calendar.list(request);
  }

  @Handles(getClock)
  async clock(): Promise<Answer> {
    return Promise.resolve(this.calendar.now());
  }

  @Handles(getTradingDays)
  days(): Promise<TradingDays> {
    return this.tradingDays.days();
  }

  @Handles(storeCalendar)
  store(request: StoreCalendarRequest): Promise<StoredCalendar> {
    return this.tradingDays.store(request);
  }
}
