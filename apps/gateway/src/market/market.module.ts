import { Module } from '@nestjs/common';
import { BatchModule } from '../batch/batch.module.js';
import { ReadsModule } from '../reads/reads.module.js';
import { AnswerSender } from './answer-sender.js';
import { BarsController } from './bars.controller.js';
import { CalendarController } from './calendar.controller.js';
import { QuotesController } from './quotes.controller.js';
import { SymbolsController } from './symbols.controller.js';

/** Bars, quotes, instruments and the trading calendar. */
@Module({
  imports: [BatchModule, ReadsModule],
  controllers: [BarsController, QuotesController, SymbolsController, CalendarController],
  providers: [AnswerSender],
})
export class MarketModule {}
