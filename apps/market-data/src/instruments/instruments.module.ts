import { Module } from '@nestjs/common';
import { InstrumentDirectory } from './instrument-directory.js';
import { InstrumentsHandler } from './instruments.handler.js';
import { InstrumentsRepository } from './instruments.repository.js';
import { InstrumentsService } from './instruments.service.js';

/** The list of instruments. */
@Module({
  controllers: [InstrumentsHandler],
  providers: [InstrumentDirectory, InstrumentsService, InstrumentsRepository],
  exports: [InstrumentDirectory, InstrumentsRepository],
})
export class InstrumentsModule {}
