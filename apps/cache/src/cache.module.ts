import { Module, type DynamicModule } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import type { Tier } from '@mystocks/tiered-cache';
import { accessesParts, databaseOf } from './accesses/accesses.parts.js';
import { AnswersHandler } from './answers/answers.handler.js';
import { AnswersService } from './answers/answers.service.js';
import type { CacheSettings } from './cache.settings.js';
import { PoolsHandler } from './pools/pools.handler.js';
import { StatusHandler } from './status/status.handler.js';
import { SecondTier } from './tiers/second-tier.js';
import { warmUpParts } from './warm-up/warm-up.parts.js';

@Module({})
export class CacheModule {
  static forRoot(settings: CacheSettings, tier: Tier): DynamicModule {
    const warmUp = warmUpParts(settings);
    return {
      module: CacheModule,
      imports: databaseOf(settings),
      controllers: [AnswersHandler, StatusHandler, PoolsHandler, ...accessesParts.controllers, ...warmUp.controllers],
      providers: [
        { provide: SecondTier, useFactory: () => new SecondTier(tier) },
        {
          provide: AnswersService,
          useFactory: (bus: Bus, { tier: second }: SecondTier) =>
            new AnswersService(bus, second, { graceMs: settings.CACHE_STALE_IF_ERROR_S * 1_000 }),
          inject: [Bus, SecondTier],
        },
        ...accessesParts.providers,
        ...warmUp.providers,
      ],
    };
  }
}
