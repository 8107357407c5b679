import { Module } from '@nestjs/common';
import { TransactionsModule } from '../transactions/transactions.module.js';
import { CalendarHandler } from './calendar.handler.js';
import { CalendarService } from './calendar.service.js';
import { TradingDaysRepository } from './trading-days.repository.js';
import { TradingDaysService } from './trading-days.service.js';

/** The trading calendar, and corrections of it. */
@Module({
  imports: [TransactionsModule],
  controllers: [CalendarHandler],
  providers: [TradingDaysRepository, CalendarService, TradingDaysService],
})
export class CalendarModule {}
