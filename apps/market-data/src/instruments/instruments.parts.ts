import { InstrumentDirectory } from './instrument-directory.js';
import { InstrumentsHandler } from './instruments.handler.js';
import { InstrumentsRepository } from './instruments.repository.js';
import { InstrumentsService } from './instruments.service.js';

export const instrumentsParts = {
  controllers: [InstrumentsHandler],
  providers: [InstrumentDirectory, InstrumentsService, InstrumentsRepository],
};
