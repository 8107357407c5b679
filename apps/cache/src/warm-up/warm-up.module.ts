import { Bus } from '@mystocks/bus';
import { Clock } from '@mystocks/kernel';
import { Module } from '@nestjs/common';
import { AccessesModule } from '../accesses/accesses.module.js';
import { AccessesRepository } from '../accesses/accesses.repository.js';
import { AccessesService } from '../accesses/accesses.service.js';
import { repositoryOf } from '../accesses/repository-of.js';
import { AnswersModule } from '../answers/answers.module.js';
import { AnswersService } from '../answers/answers.service.js';
import { CacheSettings } from '../cache.settings.js';
import { SecondTier } from '../tiers/second-tier.js';
import { CalendarCopyService } from './calendar-copy.service.js';
import { systemTime as time } from './pace.js';
import { ServiceAccess } from './service-access.js';
import { UsesService } from './uses.service.js';
import { WarmUpRecords } from './warm-up-records.js';
import { WarmUpRunner } from './warm-up-runner.js';
import { WarmUpRunsRepository } from './warm-up-runs.repository.js';
import { WarmUpScheduleService } from './warm-up-schedule.service.js';
import { WarmUpStatusService } from './warm-up-status.service.js';
import { WarmUpHandler } from './warm-up.handler.js';
import { WarmUpService } from './warm-up.service.js';

const limitsOf = (settings: CacheSettings) => ({
  symbolsMax: settings.CACHE_WARM_UP_SYMBOLS,
  perSecond: settings.CACHE_WARM_UP_PER_SECOND,
});

/** Runs warm-ups when there is a database to know from what is read. */
const runner = {
  provide: WarmUpRunner,
  useFactory: (
    settings: CacheSettings,
    warmUp: WarmUpService,
    service: ServiceAccess,
    accesses?: AccessesRepository,
    runs?: WarmUpRunsRepository,
  ) =>
    accesses === undefined || runs === undefined
      ? undefined
      : new WarmUpRunner({ warmUp, accesses, runs, service, time, ...limitsOf(settings) }),
  inject: [CacheSettings, WarmUpService, ServiceAccess, AccessesRepository, WarmUpRunsRepository],
};

const schedule = {
  provide: WarmUpScheduleService,
  useFactory: (
    settings: CacheSettings,
    bus: Bus,
    { tier }: SecondTier,
    service: ServiceAccess,
    runs?: WarmUpRunner,
  ) => {
    const off = settings.CACHE_WARM_UP_SYMBOLS === 0 ? 'CACHE_WARM_UP_SYMBOLS is 0' : undefined;
    return new WarmUpScheduleService({ runner: runs, service, bus, tier, time, off });
  },
  inject: [CacheSettings, Bus, SecondTier, ServiceAccess, WarmUpRunner],
};

const status = {
  provide: WarmUpStatusService,
  useFactory: (
    settings: CacheSettings,
    scheduled: WarmUpScheduleService,
    log: AccessesService,
    accesses?: AccessesRepository,
    runs?: WarmUpRunsRepository,
  ) => new WarmUpStatusService({ schedule: scheduled, log, accesses, runs, clock: time, ...limitsOf(settings) }),
  inject: [CacheSettings, WarmUpScheduleService, AccessesService, AccessesRepository, WarmUpRunsRepository],
};

/** Loads what is read most before it is read. */
@Module({
  imports: [AccessesModule, AnswersModule],
  controllers: [WarmUpHandler],
  providers: [
    repositoryOf(WarmUpRunsRepository),
    { provide: CalendarCopyService, useFactory: (bus: Bus) => new CalendarCopyService(bus), inject: [Bus] },
    {
      provide: ServiceAccess,
      useFactory: (bus: Bus, { CACHE_CLIENT_SECRET }: CacheSettings) =>
        new ServiceAccess(bus, CACHE_CLIENT_SECRET, time),
      inject: [Bus, CacheSettings],
    },
    {
      provide: WarmUpService,
      useFactory: (answers: AnswersService, clock: Clock, runs?: WarmUpRunsRepository) =>
        new WarmUpService(answers, runs === undefined ? undefined : new WarmUpRecords(runs, clock)),
      inject: [AnswersService, Clock, WarmUpRunsRepository],
    },
    {
      provide: UsesService,
      useFactory: (answers: AnswersService, clock: Clock, runs?: WarmUpRunsRepository) =>
        new UsesService(answers, runs, clock),
      inject: [AnswersService, Clock, WarmUpRunsRepository],
    },
    runner,
    schedule,
    status,
  ],
})
export class WarmUpModule {}
