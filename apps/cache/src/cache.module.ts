import { Module, type DynamicModule } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import type { Tier } from '@mystocks/tiered-cache';
import { AnswersHandler } from './answers/answers.handler.js';
import { AnswersService } from './answers/answers.service.js';
import { WarmUpService } from './warm-up/warm-up.service.js';
import type { CacheSettings } from './cache.settings.js';
import { StatusHandler } from './status/status.handler.js';
import { SecondTier } from './tiers/second-tier.js';

@Module({})
export class CacheModule {
  static forRoot(_settings: CacheSettings, tier: Tier): DynamicModule {
    return {
      module: CacheModule,
      controllers: [AnswersHandler, StatusHandler],
      providers: [
        { provide: SecondTier, useFactory: () => new SecondTier(tier) },
        {
          provide: AnswersService,
          useFactory: (bus: Bus, { tier: second }: SecondTier) => new AnswersService(bus, second),
          inject: [Bus, SecondTier],
        },
        WarmUpService,
      ],
    };
  }
}
