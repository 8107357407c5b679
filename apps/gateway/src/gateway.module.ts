import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AuthModule } from './auth/auth.module.js';
import { BatchModule } from './batch/batch.module.js';
import { DocsModule } from './docs/docs.module.js';
import { ProblemFilter } from './edge/problem.filter.js';
import { IdentityModule } from './identity/identity.module.js';
import { MarketModule } from './market/market.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { UploadsModule } from './uploads/uploads.module.js';
import { V1Module } from './v1/v1.module.js';

@Module({
  imports: [
    IdentityModule,
    MarketModule,
    BatchModule,
    UploadsModule,
    AuthModule,
    OperationsModule,
    DocsModule,
    V1Module,
  ],
  providers: [{ provide: APP_FILTER, useClass: ProblemFilter }],
})
export class GatewayModule {}
