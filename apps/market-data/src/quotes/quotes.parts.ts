import { systemClock } from '@mystocks/kernel';
import { IngestOnceService } from '../idempotency/ingest-once.service.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { QuotesHandler } from './quotes.handler.js';
import { QuotesRepository } from './stored/quotes.repository.js';
import { QuotesService } from './quotes.service.js';

export const quotesParts = {
  controllers: [QuotesHandler],
  providers: [
    {
      provide: QuotesService,
      inject: [InstrumentDirectory, QuotesRepository, IngestOnceService],
      useFactory: (directory: InstrumentDirectory, repository: QuotesRepository, once: IngestOnceService) =>
        new QuotesService(directory, repository, once, systemClock),
    },
  ],
};
