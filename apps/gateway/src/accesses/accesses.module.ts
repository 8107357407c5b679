import { Module } from '@nestjs/common';
import { AccessesService } from './accesses.service.js';

/** Counts which answers are read, for the warm-up of the cache. */
@Module({ providers: [AccessesService], exports: [AccessesService] })
export class AccessesModule {}
