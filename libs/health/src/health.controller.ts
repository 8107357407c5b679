import { Controller, Get } from '@nestjs/common';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { Readiness, type CheckResult } from './readiness.js';

/** The three questions an orchestrator asks, on the management port. A "no" answers 503 and says which. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicator: HealthIndicatorService,
    private readonly readiness: Readiness,
  ) {}

  /** The process turns its event loop. No dependency is asked: restarting cannot mend another server. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Every dependency is available, and the service is not shutting down. */
  @Get('ready')
  async ready(): Promise<HealthCheckResult> {
    const results = await this.readiness.results();
    const accepting = { name: 'accepting', up: !this.readiness.draining, reason: 'told to stop' };
    return this.health.check([...results, accepting].map((result) => () => this.#show(result)));
  }

  /** Was ready once since it started. */
  @Get('startup')
  async startup(): Promise<HealthCheckResult> {
    if (!this.readiness.started) await this.readiness.results();
    return this.health.check([
      () => this.#show({ name: 'started', up: this.readiness.started, reason: 'was not ready yet' }),
    ]);
  }

  #show({ name, up, reason, detail }: CheckResult): HealthIndicatorResult {
    const session = this.indicator.check(name);
    return up ? session.up({ ...detail }) : session.down(reason ?? 'down');
  }
}
