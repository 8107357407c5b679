import { Clock } from '@mystocks/kernel';
import { Module } from '@nestjs/common';
import { AccessesHandler } from './accesses.handler.js';
import { AccessesRepository } from './accesses.repository.js';
import { AccessesService } from './accesses.service.js';
import { repositoryOf } from './repository-of.js';

/** Counts what is read, where there is a database for it. */
@Module({
  controllers: [AccessesHandler],
  providers: [
    repositoryOf(AccessesRepository),
    {
      provide: AccessesService,
      useFactory: (clock: Clock, repository?: AccessesRepository) => new AccessesService(repository, clock),
      inject: [Clock, AccessesRepository],
    },
  ],
  exports: [AccessesRepository, AccessesService],
})
export class AccessesModule {}
