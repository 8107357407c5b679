import { Module } from '@nestjs/common';
import { TransactionsModule } from '../transactions/transactions.module.js';
import { IdempotencyRepository } from './idempotency.repository.js';
import { IngestOnceService } from './ingest-once.service.js';

/** Runs each keyed write once. */
@Module({
  imports: [TransactionsModule],
  providers: [IdempotencyRepository, IngestOnceService],
  exports: [IngestOnceService],
})
export class IdempotencyModule {}
