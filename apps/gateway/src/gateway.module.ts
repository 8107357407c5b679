import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { AccessesService } from './accesses/accesses.service.js';
import { TokensController } from './auth/tokens.controller.js';
import { UsersController } from './auth/users.controller.js';
import { BatchController } from './batch/batch.controller.js';
import { BatchService } from './batch/batch.service.js';
import { DocsController } from './docs/docs.controller.js';
import { OpenApiDocuments } from './docs/openapi.js';
import { PageController } from './docs/page.controller.js';
import type { GatewaySettings } from './gateway.settings.js';
import { ProblemFilter } from './http/problem.filter.js';
import { AccessGuard } from './identity/access.guard.js';
import { JwtStrategy } from './identity/jwt.strategy.js';
import { SigningKeys } from './identity/signing-keys.js';
import { BarsController } from './market/bars.controller.js';
import { CalendarController } from './market/calendar.controller.js';
import { QuotesController } from './market/quotes.controller.js';
import { SymbolsController } from './market/symbols.controller.js';
import { CacheStateService } from './operations/cache-state.service.js';
import { CacheController } from './operations/cache.controller.js';
import { EntriesController } from './operations/entries.controller.js';
import { PoolsController } from './operations/pools.controller.js';
import { AnswerSource } from './reads/answer-source.js';
import { AnswerSender } from './http/answer-sender.js';
import { NearAnswers, NearCoherence } from './reads/near-answers.js';

import { ReadsService } from './reads/reads.service.js';
import { OperationsController } from './uploads/operations.controller.js';
import { StagingService } from './uploads/staging.service.js';
import { UploadsController } from './uploads/uploads.controller.js';
import { WholeStreamService } from './uploads/whole-stream.service.js';
import { AuthV1Controller } from './v1/auth-v1.controller.js';
import { CacheV1Controller } from './v1/cache-v1.controller.js';
import { MarketV1Controller } from './v1/market-v1.controller.js';

/** The parts list. */
@Module({
  imports: [PassportModule],
  controllers: [
    BarsController,
    QuotesController,
    SymbolsController,
    CalendarController,
    BatchController,
    UploadsController,
    OperationsController,
    TokensController,
    UsersController,
    CacheController,
    EntriesController,
    PoolsController,
    DocsController,
    PageController,
    MarketV1Controller,
    AuthV1Controller,
    CacheV1Controller,
  ],
  providers: [
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_GUARD, useClass: AccessGuard },
    AccessesService,
    AnswerSender,
    AnswerSource,
    BatchService,
    CacheStateService,
    JwtStrategy,
    NearCoherence,
    OpenApiDocuments,
    ReadsService,
    SigningKeys,
    StagingService,
    WholeStreamService,
  ],
})
export class GatewayModule {
  static forRoot(settings: Pick<GatewaySettings, 'CACHE_STALE_IF_ERROR_S'>): DynamicModule {
    const near = new NearAnswers(settings.CACHE_STALE_IF_ERROR_S * 1_000);
    return { module: GatewayModule, providers: [{ provide: NearAnswers, useValue: near }] };
  }
}
