import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { AccessLogState, RecordAccessesRequest, RecordedAccesses } from '@mystocks/contracts';
import { systemClock, type Clock, atMost } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';
import type { AccessesRepository } from './accesses.repository.js';
import { WaitingReads } from './waiting-reads.js';

/** Reads of several gateways go to the database together. */
const STORE_EVERY_MS = 1_000;
/** Counts in one statement: what has waited for a day at once would take longer than a statement may, again and again. */
const TOGETHER_MAX = 10_000;
/** After a failure. */
const RETRY_AFTER_MS = 5_000;
/** A database that hangs holds no service up that is to stop. */
const LAST_STORE_MAX_MS = 2_000;
const PRUNE_EVERY_MS = 3_600_000;

/**
 * The access log. The counts of gateways are accepted at once and stored soon; while the database is away it waits, as far as
 * there is room, and nothing else does. When the connection is lost while the database commits, that second's reads may
 * count twice: a log of what is popular bears it.
 */
export class AccessesService implements OnModuleInit, OnModuleDestroy {
  readonly #waiting = new WaitingReads();
  #timer: NodeJS.Timeout | undefined;
  #storing: Promise<void> | undefined;
  #failed = false;
  #retryAtMs = -Infinity;
  #storedAtMs: number | undefined;
  #prunedAtMs = -Infinity;

  /** Without a repository nothing is taken. */
  constructor(
    private readonly repository: Pick<AccessesRepository, 'add' | 'prune'> | undefined,
    private readonly clock: Clock = systemClock,
  ) {}

  onModuleInit(): void {
    // Not from `record`: a timer of a request lives under that request's deadline.
    this.#timer = setInterval(() => {
      if (this.clock.now() >= this.#retryAtMs) void this.store();
    }, STORE_EVERY_MS).unref();
  }

  record({ reads }: RecordAccessesRequest): RecordedAccesses {
    if (this.repository === undefined) return { symbols: 0 };
    return { symbols: this.#waiting.add(reads, this.clock.now()) };
  }

  state(): AccessLogState {
    const counts = { waiting: this.#waiting.size, dropped: this.#waiting.dropped };
    if (this.repository === undefined) return { storing: false, reason: 'PG_PRIMARY_URL is not set', ...counts };
    return {
      storing: !this.#failed,
      ...(this.#failed && { reason: 'The database does not take the counts; they are stored later' }),
      ...counts,
      ...(this.#storedAtMs !== undefined && { stored_at: new Date(this.#storedAtMs).toISOString() }),
    };
  }

  /** What waits goes to the database before its connections close. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    const stored = (this.#storing ?? Promise.resolve()).then(() => this.store());
    await atMost(LAST_STORE_MAX_MS, stored);
  }

  /** Stores what waits. Never fails: what could not be stored is tried again later. */
  store(): Promise<void> {
    return (this.#storing ??= this.#store().finally(() => {
      this.#storing = undefined;
    }));
  }

  async #store(): Promise<void> {
    const { repository } = this;
    const reads = this.#waiting.take();
    if (repository === undefined || reads.length === 0) return;
    let stored = 0;
    try {
      for (; stored < reads.length; stored += TOGETHER_MAX) {
        await repository.add(reads.slice(stored, stored + TOGETHER_MAX));
      }
      this.#storedAtMs = this.clock.now();
      this.#failed = false;
    } catch (error) {
      this.#waiting.putBack(reads.slice(stored));
      if (!this.#failed) log.warn({ err: error }, 'reads could not be stored; they wait for the database');
      this.#failed = true;
      this.#retryAtMs = this.clock.now() + RETRY_AFTER_MS;
      return;
    }
    await this.#prune(repository);
  }

  async #prune(repository: Pick<AccessesRepository, 'prune'>): Promise<void> {
    const nowMs = this.clock.now();
    if (nowMs - this.#prunedAtMs < PRUNE_EVERY_MS) return;
    this.#prunedAtMs = nowMs;
    try {
      await repository.prune(nowMs);
    } catch (error) {
      log.warn({ err: error }, 'the access log could not be pruned; in an hour it is tried again');
    }
  }
}
