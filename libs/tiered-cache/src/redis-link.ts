import { log } from '@mystocks/telemetry';
import { Redis } from 'ioredis';
import { SCRIPTS } from './redis-scripts.js';

/** Does `work` with the connection, within the deadline. */
export type Step = <T>(work: (redis: Redis) => Promise<T>) => Promise<T>;

export interface RedisLinkOptions {
  readonly url: string;
  /** What one operation may take before it counts as failed, ms. */
  readonly deadlineMs: number;
  /** Clears everything of the house, each step within the deadline; fails when it cannot. */
  readonly clearAll: (step: Step) => Promise<void>;
}

/** How often a Redis that failed is tried again, ms. */
const MEND_EVERY_MS = 200;
/** Tries without any reply after which the connection is given up as half-open and opened anew. */
const SILENT_TRIES_MAX = 15;
const PINGS_PER_PROBE = 5;
const REFUSALS_LOGGED_EVERY_MS = 10_000;

/**
 * A connection that never holds its users up. After one failed operation nothing more is sent until Redis answers a
 * ping again, so a slow Redis costs one deadline, not one deadline a read; and nothing is served until a clearing that
 * was asked for is done.
 */
export class RedisLink {
  readonly #redis: Redis;
  readonly #deadlineMs: number;
  readonly #clearAll: RedisLinkOptions['clearAll'];
  #failing = false;
  #told = false;
  #clearsAsked = 0;
  #clearsDone = 0;
  #closed = false;
  #silentTries = 0;
  #mendTimer: NodeJS.Timeout | undefined;
  #mending: Promise<void> | undefined;
  #refusalLoggedAtMs = -Infinity;

  constructor({ url, deadlineMs, clearAll }: RedisLinkOptions) {
    this.#deadlineMs = deadlineMs;
    this.#clearAll = clearAll;
    this.#redis = new Redis(url, {
      connectTimeout: 1_000,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(50 * times, 500),
      scripts: SCRIPTS,
    });
    // Without a listener ioredis prints each lost connection; readiness and the line below say it once.
    this.#redis.on('error', (error: Error) => {
      if (!this.#told) this.#fail(error);
    });
  }

  /** Whether operations are sent now. */
  get serving(): boolean {
    return !this.#failing && this.#clearsDone === this.#clearsAsked && this.#redis.status === 'ready';
  }

  /** What `work` got from Redis; nothing, at once, when it is not served from now, or when the work fails. */
  async attempt<T>(work: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    if (!this.serving) return undefined;
    try {
      return await this.#inTime(work);
    } catch (error) {
      this.note(error);
      return undefined;
    }
  }

  /** What one operation of several came to. */
  note(error: unknown): void {
    // An error that Redis itself answers (out of memory, read only) concerns this operation, not the connection.
    if (error instanceof Error && error.name === 'ReplyError') this.#noteRefusal(error);
    else this.#fail(error);
  }

  /** Clears everything before anything is served again; settles when that is done, or was tried in vain. */
  async clear(): Promise<void> {
    if (this.#closed) return;
    this.#clearsAsked += 1;
    const asked = this.#clearsAsked;
    await this.#mend();
    // A mending that was just at its end did not hear of it.
    if (this.#clearsDone < asked && !this.#failing) await this.#mend();
  }

  /** Fails when Redis is gone or hangs. One late answer on a busy machine is neither. */
  async probe(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#ping();
        return;
      } catch (error) {
        if (tries === PINGS_PER_PROBE || this.#redis.status !== 'ready') throw error;
      }
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#mendTimer);
    this.#redis.disconnect();
  }

  async #ping(): Promise<void> {
    if (this.#redis.status !== 'ready') throw new Error('not connected');
    await this.#inTime((redis) => redis.ping());
  }

  /** One timer for all that `work` sends together. */
  #inTime<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void => {
        reject(new Error(`no answer within ${String(this.#deadlineMs)} ms`));
      };
      // When this process itself was busy for so long, the answer may lie here unread: what has come is read first.
      const timer = setTimeout(() => setImmediate(late), this.#deadlineMs);
      work(this.#redis)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
        });
    });
  }

  #noteRefusal(error: Error): void {
    const nowMs = performance.now();
    if (nowMs - this.#refusalLoggedAtMs < REFUSALS_LOGGED_EVERY_MS) return;
    this.#refusalLoggedAtMs = nowMs;
    log.warn({ err: error }, 'redis refuses an operation');
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#failing = true;
    // The first moments of a connection are no news.
    if (!this.#told && !this.#redis.status.startsWith('connect')) {
      this.#told = true;
      log.warn({ err: error }, 'redis fails: reads go to their owners');
    }
    clearTimeout(this.#mendTimer);
    this.#mendTimer = setTimeout(() => void this.#mend(), MEND_EVERY_MS).unref();
  }

  #mend(): Promise<void> {
    this.#mending ??= this.#tryToMend().finally(() => {
      this.#mending = undefined;
    });
    return this.#mending;
  }

  async #tryToMend(): Promise<void> {
    try {
      await this.#ping();
      this.#silentTries = 0;
      while (this.#clearsDone !== this.#clearsAsked) {
        const asked = this.#clearsAsked;
        await this.#clearAll((work) => this.#inTime(work));
        this.#clearsDone = asked;
      }
      if (this.#told) log.info('redis answers again');
      this.#told = false;
      this.#failing = false;
    } catch (error) {
      this.#giveUpSilentConnection();
      this.#fail(error);
    }
  }

  #giveUpSilentConnection(): void {
    this.#silentTries += 1;
    if (this.#silentTries < SILENT_TRIES_MAX || this.#redis.status !== 'ready') return;
    this.#silentTries = 0;
    this.#redis.disconnect(true);
  }
}
