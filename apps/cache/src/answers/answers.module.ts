import { Module } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { CacheSettings } from '../cache.settings.js';
import { SecondTier } from '../tiers/second-tier.js';
import { AnswersHandler } from './answers.handler.js';
import { AnswersService } from './answers.service.js';
import { StatusHandler } from './status.handler.js';

/** Answers calls of other services from L2. */
@Module({
  controllers: [AnswersHandler, StatusHandler],
  providers: [
    {
      provide: AnswersService,
      useFactory: (bus: Bus, { tier }: SecondTier, { CACHE_STALE_IF_ERROR_S }: CacheSettings) =>
        new AnswersService(bus, tier, { graceMs: CACHE_STALE_IF_ERROR_S * 1_000 }),
      inject: [Bus, SecondTier, CacheSettings],
    },
  ],
  exports: [AnswersService],
})
export class AnswersModule {}
