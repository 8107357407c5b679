import { systemClock } from '@mystocks/kernel';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { BarsHandler } from './bars.handler.js';
import { BarsRepository } from './stored/bars.repository.js';
import { BarsService } from './bars.service.js';
import { NewestBarsService } from './newest-bars.service.js';

export const barsParts = {
  controllers: [BarsHandler],
  providers: [
    NewestBarsService,
    {
      provide: BarsService,
      inject: [InstrumentDirectory, BarsRepository],
      useFactory: (instruments: InstrumentDirectory, repository: BarsRepository) =>
        new BarsService(instruments, repository, systemClock),
    },
  ],
};
