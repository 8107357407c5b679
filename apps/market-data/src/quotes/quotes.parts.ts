import { Bus } from '@mystocks/bus';
import { systemClock } from '@mystocks/kernel';
import { IngestTransactions } from '../ingest/ingest-transactions.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { PostgresQuotesRepository } from './postgres-quotes.repository.js';
import { QuotesHandler } from './quotes.handler.js';
import { QuotesRepository } from './quotes.repository.js';
import { QuotesService } from './quotes.service.js';

export const quotesParts = {
  controllers: [QuotesHandler],
  providers: [
    { provide: QuotesRepository, useClass: PostgresQuotesRepository },
    {
      provide: QuotesService,
      inject: [InstrumentDirectory, QuotesRepository, IngestTransactions, Bus],
      useFactory: (
        directory: InstrumentDirectory,
        repository: QuotesRepository,
        transactions: IngestTransactions,
        bus: Bus,
      ) => new QuotesService(directory, repository, transactions, bus, systemClock),
    },
  ],
};
