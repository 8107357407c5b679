import { Bus } from '@mystocks/bus';
import { AccessesRepository } from '../accesses/accesses.repository.js';
import { AccessesService } from '../accesses/accesses.service.js';
import { repositoryOf } from '../accesses/accesses.parts.js';
import { AnswersService } from '../answers/answers.service.js';
import type { CacheSettings } from '../cache.settings.js';
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

const scheduleOf = (settings: CacheSettings) => ({
  provide: WarmUpScheduleService,
  useFactory: (
    bus: Bus,
    { tier }: SecondTier,
    warmUp: WarmUpService,
    accesses?: AccessesRepository,
    runs?: WarmUpRunsRepository,
  ) => {
    const { CACHE_WARM_UP_SYMBOLS: symbolsMax, CACHE_WARM_UP_PER_SECOND: perSecond } = settings;
    const service = new ServiceAccess(bus, settings.CACHE_CLIENT_SECRET, time);
    const isReady = accesses !== undefined && runs !== undefined;
    const runner = isReady
      ? new WarmUpRunner({ warmUp, accesses, runs, service, time, symbolsMax, perSecond })
      : undefined;
    const off = symbolsMax === 0 ? 'CACHE_WARM_UP_SYMBOLS is 0' : undefined;
    return new WarmUpScheduleService({ runner, service, bus, tier, time, off });
  },
  inject: [Bus, SecondTier, WarmUpService, AccessesRepository, WarmUpRunsRepository],
});

const statusOf = ({ CACHE_WARM_UP_SYMBOLS: symbolsMax, CACHE_WARM_UP_PER_SECOND: perSecond }: CacheSettings) => ({
  provide: WarmUpStatusService,
  useFactory: (
    schedule: WarmUpScheduleService,
    log: AccessesService,
    accesses?: AccessesRepository,
    runs?: WarmUpRunsRepository,
  ) => new WarmUpStatusService({ schedule, log, accesses, runs, clock: time, symbolsMax, perSecond }),
  inject: [WarmUpScheduleService, AccessesService, AccessesRepository, WarmUpRunsRepository],
});

export const warmUpParts = (settings: CacheSettings) => ({
  controllers: [WarmUpHandler],
  providers: [
    repositoryOf(WarmUpRunsRepository),
    { provide: CalendarCopyService, useFactory: (bus: Bus) => new CalendarCopyService(bus), inject: [Bus] },
    {
      provide: WarmUpService,
      useFactory: (answers: AnswersService, runs?: WarmUpRunsRepository) =>
        new WarmUpService(answers, runs === undefined ? undefined : new WarmUpRecords(runs)),
      inject: [AnswersService, WarmUpRunsRepository],
    },
    {
      provide: UsesService,
      useFactory: (answers: AnswersService, runs?: WarmUpRunsRepository) => new UsesService(answers, runs),
      inject: [AnswersService, WarmUpRunsRepository],
    },
    scheduleOf(settings),
    statusOf(settings),
  ],
});
