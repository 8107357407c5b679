import { Bus } from '@mystocks/bus';
import { systemClock } from '@mystocks/kernel';
import { IngestTransactions } from '../transactions/ingest-transactions.js';
import { CalendarHandler } from './calendar.handler.js';
import { CalendarService } from './calendar.service.js';
import { TradingDaysRepository } from './trading-days.repository.js';
import { TradingDaysService } from './trading-days.service.js';

export const calendarParts = {
  controllers: [CalendarHandler],
  providers: [
    TradingDaysRepository,
    { provide: CalendarService, useFactory: () => new CalendarService(systemClock) },
    {
      provide: TradingDaysService,
      inject: [TradingDaysRepository, IngestTransactions, Bus],
      useFactory: (repository: TradingDaysRepository, transactions: IngestTransactions, bus: Bus) =>
        new TradingDaysService(repository, transactions, bus, systemClock),
    },
  ],
};
