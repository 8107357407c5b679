import { InstrumentDirectory } from './instrument-directory.js';
import { InstrumentsHandler } from './instruments.handler.js';
import { InstrumentsRepository } from './instruments.repository.js';
import { InstrumentsService } from './instruments.service.js';
import { InstrumentRemovalService } from '../removal/instrument-removal.service.js';

export const instrumentsParts = {
  controllers: [InstrumentsHandler],
  providers: [InstrumentDirectory, InstrumentsService, InstrumentsRepository, InstrumentRemovalService],
};
