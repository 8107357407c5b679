import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { RedisTier } from '@mystocks/tiered-cache';
import { AnswersHandler } from './answers/answers.handler.js';
import { AnswersService } from './answers/answers.service.js';
import { WarmUpService } from './answers/warm-up.service.js';
import type { CacheSettings } from './cache.settings.js';
import { StatusHandler } from './status/status.handler.js';

@Module({})
export class CacheModule implements OnApplicationShutdown {
  constructor(private readonly tier: RedisTier) {}

  static forRoot(settings: CacheSettings): DynamicModule {
    return {
      module: CacheModule,
      controllers: [AnswersHandler, StatusHandler],
      providers: [
        { provide: RedisTier, useFactory: () => new RedisTier({ url: settings.REDIS_URL.reveal() }) },
        {
          provide: AnswersService,
          useFactory: (bus: Bus, tier: RedisTier) => new AnswersService(bus, tier),
          inject: [Bus, RedisTier],
        },
        WarmUpService,
      ],
    };
  }

  /** Last of all: requests under way may still read. */
  async onApplicationShutdown(): Promise<void> {
    await this.tier.close();
  }
}
