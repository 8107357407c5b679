import { Module } from '@nestjs/common';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { InstrumentsModule } from '../instruments/instruments.module.js';
import { LoadOrderModule } from '../load-order/load-order.module.js';
import { FactorsHandler } from './factors.handler.js';
import { FactorsIngestService } from './factors-ingest.service.js';
import { FactorsRepository } from './factors.repository.js';

/** Adjustment factors. */
@Module({
  imports: [IdempotencyModule, InstrumentsModule, LoadOrderModule],
  controllers: [FactorsHandler],
  providers: [FactorsIngestService, FactorsRepository],
  exports: [FactorsIngestService, FactorsRepository],
})
export class FactorsModule {}
