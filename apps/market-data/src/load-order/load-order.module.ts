import { Module } from '@nestjs/common';
import { TransactionsModule } from '../transactions/transactions.module.js';
import { LoadBlocksRepository } from './load-blocks.repository.js';
import { LoadOrderService } from './load-order.service.js';
import { WithheldLinesRepository } from './withheld-lines.repository.js';
import { WithheldLinesService } from './withheld-lines.service.js';

/** Which of several lines for the same bar of one file is the later one. */
@Module({
  imports: [TransactionsModule],
  providers: [LoadBlocksRepository, LoadOrderService, WithheldLinesRepository, WithheldLinesService],
  exports: [LoadOrderService, WithheldLinesService],
})
export class LoadOrderModule {}
