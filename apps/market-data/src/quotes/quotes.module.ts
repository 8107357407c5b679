import { Module } from '@nestjs/common';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { InstrumentsModule } from '../instruments/instruments.module.js';
import { QuotesHandler } from './quotes.handler.js';
import { QuotesService } from './quotes.service.js';

/** Stores and reads quotes. */
@Module({
  imports: [IdempotencyModule, InstrumentsModule],
  controllers: [QuotesHandler],
  providers: [QuotesService],
})
export class QuotesModule {}
