import { Module } from '@nestjs/common';
import { FactorsModule } from '../factors/factors.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { InstrumentsModule } from '../instruments/instruments.module.js';
import { LoadOrderModule } from '../load-order/load-order.module.js';
import { TransactionsModule } from '../transactions/transactions.module.js';
import { BarBlocksService } from './bar-blocks.service.js';
import { BarsIngestService } from './bars-ingest.service.js';
import { IngestHandler } from './ingest.handler.js';
import { InstrumentsIngestRepository } from './instruments/instruments-ingest.repository.js';
import { InstrumentsIngestService } from './instruments/instruments-ingest.service.js';
import { LoadEndService } from './load-end.service.js';

/** Stores blocks of bars and of the list of instruments. */
@Module({
  imports: [FactorsModule, IdempotencyModule, InstrumentsModule, LoadOrderModule, TransactionsModule],
  controllers: [IngestHandler],
  providers: [
    BarBlocksService,
    BarsIngestService,
    LoadEndService,
    InstrumentsIngestService,
    InstrumentsIngestRepository,
  ],
  exports: [BarBlocksService, BarsIngestService, LoadEndService, InstrumentsIngestService, InstrumentsIngestRepository],
})
export class IngestModule {}
