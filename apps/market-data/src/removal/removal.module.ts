import { Module } from '@nestjs/common';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { InstrumentsModule } from '../instruments/instruments.module.js';
import { InstrumentRemovalService } from './instrument-removal.service.js';
import { RemovalHandler } from './removal.handler.js';

/** Removes instruments without bars and quotes. */
@Module({
  imports: [IdempotencyModule, InstrumentsModule],
  controllers: [RemovalHandler],
  providers: [InstrumentRemovalService],
})
export class RemovalModule {}
