import { Controller } from '@nestjs/common';
import { Handles } from '@mystocks/bus';
import { cacheStatus, type CacheStatus } from '@mystocks/contracts';
import { instanceName, systemClock } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import { AnswersService } from './answers.service.js';

@Controller()
export class StatusHandler {
  readonly #since = new Date(systemClock.now()).toISOString();
  readonly #revalidate = metrics.cacheStale.cell('l2', 'revalidate');
  readonly #error = metrics.cacheStale.cell('l2', 'error');

  constructor(private readonly answers: AnswersService) {}

  @Handles(cacheStatus)
  get(): Promise<CacheStatus> {
    const stale = { stale_revalidate: this.#revalidate.count, stale_error: this.#error.count };
    return Promise.resolve({ ...this.answers.status(), ...stale, instance: instanceName, since: this.#since });
  }
}
