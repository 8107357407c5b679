import { Module } from '@nestjs/common';
import { InstrumentsModule } from '../instruments/instruments.module.js';
import { BarsHandler } from './bars.handler.js';
import { BarsService } from './bars.service.js';
import { NewestBarsService } from './newest-bars.service.js';

/** Reads bars. */
@Module({
  imports: [InstrumentsModule],
  controllers: [BarsHandler],
  providers: [BarsService, NewestBarsService],
})
export class BarsModule {}
