import { Module } from '@nestjs/common';
import { OperationsModule } from '../operations/operations.module.js';
import { ReadsModule } from '../reads/reads.module.js';
import { AuthV1Controller } from './auth-v1.controller.js';
import { CacheV1Controller } from './cache-v1.controller.js';
import { MarketV1Controller } from './market-v1.controller.js';

/** The routes of the first version. */
@Module({
  imports: [OperationsModule, ReadsModule],
  controllers: [MarketV1Controller, AuthV1Controller, CacheV1Controller],
})
export class V1Module {}
