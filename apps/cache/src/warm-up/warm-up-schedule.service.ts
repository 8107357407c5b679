import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { Bus } from '@mystocks/bus';
import { getClock } from '@mystocks/contracts';
import { log } from '@mystocks/telemetry';
import type { Tier } from '@mystocks/tiered-cache';
import type { Time } from './pace.js';
import type { ServiceAccess } from './service-access.js';
import { nextSessionRun, type SessionRun } from './session-clock.js';
import type { RunResult, WarmUpRunner } from './warm-up-runner.js';

/** In its first second the cache service stores nothing (AnswersService), so nothing is loaded in it. */
const SETTLE_MS = 2_000;
const RETRY_EVERY_MS = 5_000;
/** So long a warm-up is tried while the database, the auth service or the owner is away. */
const TRY_FOR_MS = 5 * 60_000;
/** A clock may be set, and a machine may sleep: nothing is waited for longer without looking at the clock again. */
const LOOK_EVERY_MS = 15 * 60_000;

/** Warms the cache after a start and before every trading session, until this service stops. */
export class WarmUpScheduleService implements OnApplicationBootstrap, OnModuleDestroy {
  #isStopped = false;
  #next: SessionRun | undefined;

  constructor(
    private readonly parts: {
      /** Absent without a database. */
      readonly runner: Pick<WarmUpRunner, 'run'> | undefined;
      readonly service: Pick<ServiceAccess, 'run' | 'refusal'>;
      readonly bus: Pick<Bus, 'call'>;
      readonly tier: Pick<Tier, 'serving'>;
      readonly time: Time;
      /** Why nothing is warmed by itself, when that is so from the start. */
      readonly off: string | undefined;
    },
  ) {}

  onApplicationBootstrap(): void {
    const { runner } = this.parts;
    if (this.reason === undefined && runner !== undefined) void this.#live(runner);
  }

  onModuleDestroy(): void {
    this.#isStopped = true;
  }

  /** Why nothing is warmed by itself now. */
  get reason(): string | undefined {
    const { off, runner, service } = this.parts;
    return off ?? (runner === undefined ? 'PG_PRIMARY_URL is not set' : service.refusal);
  }

  /** When the next session is warmed up for, epoch ms. */
  get nextRunAtMs(): number | undefined {
    return this.#next?.atMs;
  }

  async #live(runner: Pick<WarmUpRunner, 'run'>): Promise<void> {
    const { time } = this.parts;
    this.#next = nextSessionRun(time.now());
    await time.sleep(SETTLE_MS);
    await this.#attempt(() => runner.run('start'));
    while (!this.#isStopped) {
      const next: SessionRun = this.#next ?? nextSessionRun(time.now());
      this.#next = next;
      const waitMs = next.atMs - time.now();
      if (waitMs > 0) await time.sleep(Math.min(waitMs, LOOK_EVERY_MS));
      else await this.#runBeforeSession(runner, next);
    }
  }

  async #runBeforeSession(runner: Pick<WarmUpRunner, 'run'>, { day }: SessionRun): Promise<void> {
    this.#next = nextSessionRun(this.parts.time.now());
    await this.#attempt(() => runner.run('session', `session ${day}`));
  }

  /** Tries until what it needs is there, for five minutes at most; never fails. */
  async #attempt(run: () => Promise<RunResult>): Promise<void> {
    const { time, service } = this.parts;
    const untilMs = time.now() + TRY_FOR_MS;
    let last: unknown;
    while (!this.#isStopped && time.now() < untilMs) {
      try {
        await this.#demandOwner();
        await run();
        return;
      } catch (error) {
        last = error;
        // A retry would not help: the secret stays wrong until an operator sets another one.
        if (service.refusal !== undefined) break;
      }
      await time.sleep(RETRY_EVERY_MS);
    }
    if (!this.#isStopped) log.warn({ err: last }, 'the cache could not be warmed');
  }

  /** @throws while answers could not be kept, or their owner cannot be asked */
  async #demandOwner(): Promise<void> {
    const { tier, service, bus } = this.parts;
    if (!tier.serving) throw new Error('the second tier does not serve');
    await service.run(() => bus.call(getClock, {}));
  }
}
