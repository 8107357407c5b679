import { Module } from '@nestjs/common';
import { ReadsModule } from '../reads/reads.module.js';
import { CacheStateService } from './cache-state.service.js';
import { CacheController } from './cache.controller.js';
import { EntriesController } from './entries.controller.js';
import { PoolsController } from './pools.controller.js';

/** The routes of operators: caches and connection pools. */
@Module({
  imports: [ReadsModule],
  controllers: [CacheController, EntriesController, PoolsController],
  providers: [CacheStateService],
  exports: [CacheStateService],
})
export class OperationsModule {}
