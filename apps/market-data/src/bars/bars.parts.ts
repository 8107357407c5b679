import { systemClock } from '@mystocks/kernel';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { BarsHandler } from './bars.handler.js';
import { BarsRepository } from './bars.repository.js';
import { BarsService } from './bars.service.js';
import { PostgresBarsRepository } from './postgres-bars.repository.js';

export const barsParts = {
  controllers: [BarsHandler],
  providers: [
    { provide: BarsRepository, useClass: PostgresBarsRepository },
    {
      provide: BarsService,
      inject: [InstrumentDirectory, BarsRepository],
      useFactory: (instruments: InstrumentDirectory, repository: BarsRepository) =>
        new BarsService(instruments, repository, systemClock),
    },
  ],
};
