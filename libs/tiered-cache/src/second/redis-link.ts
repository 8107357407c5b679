import { log } from '@mystocks/telemetry';
import { Redis, type ChainableCommander } from 'ioredis';
import { once } from 'node:events';
import { TierRecovery } from './tier-recovery.js';
import { SCRIPTS } from './redis-scripts.js';

/** Runs `work` on the connection, within the deadline. */
export type Step = <T>(work: (redis: Redis) => Promise<T>) => Promise<T>;

export interface RedisLinkOptions {
  readonly url: string;
  /** What one operation may take before it counts as failed, ms. */
  readonly deadlineMs: number;
  /** Does what could not be done when it was requested, each step within the deadline; rejects when that fails. */
  readonly catchUp: (step: Step) => Promise<void>;
  /** The connection was lost and is back: the store may have restarted from an older state. */
  readonly reconnected: () => void;
}

const CONNECT_TIMEOUT_MS = 1_000;
/** After this many tries without any reply the connection counts as half-open and is opened anew. */
const SILENT_TRIES_MAX = 15;
const PINGS_PER_PROBE = 5;
const REFUSALS_LOGGED_EVERY_MS = 10_000;

/** A connection that never delays its users: see {@link TierRecovery}. */
export class RedisLink {
  readonly #redis: Redis;
  readonly #deadlineMs: number;
  readonly #recovery: TierRecovery;
  #silentTries = 0;
  #refusalLoggedAtMs = -Infinity;

  constructor({ url, deadlineMs, catchUp, reconnected }: RedisLinkOptions) {
    this.#deadlineMs = deadlineMs;
    this.#redis = new Redis(url, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(50 * times, 500),
      scripts: SCRIPTS,
    });
    // Without a listener ioredis prints each lost connection. Readiness shows it, and TierRecovery logs it once.
    this.#redis.on('error', () => undefined);
    this.#redis.once('ready', () => this.#redis.on('ready', reconnected));
    this.#recovery = new TierRecovery({
      name: 'redis',
      probe: () => this.#connect(),
      catchUp: () => catchUp((work) => this.#inTime(work)),
    });
  }

  /** Whether operations are sent now. */
  get serving(): boolean {
    return this.#recovery.serving && this.#redis.status === 'ready';
  }

  /** What `work` returned; undefined when it fails, and at once when Redis does not serve now. */
  attempt<T>(work: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    return this.#recovery.attempt(async () => {
      try {
        return await this.#inTime(work);
      } catch (error) {
        return this.#refused(error);
      }
    });
  }

  /** The results of the operations that `send` adds to a pipeline, in their order; undefined for each that failed. */
  async attemptMany(send: (pipeline: ChainableCommander) => void): Promise<unknown[]> {
    const results = await this.#recovery.attempt(async () => {
      const replies = await this.#inTime((redis) => {
        const pipeline = redis.pipeline();
        send(pipeline);
        return pipeline.exec();
      });
      return (replies ?? []).map(([error, result]) => (error === null ? result : this.#refused(error)));
    });
    return results ?? [];
  }

  /** {@link TierRecovery.catchUp} */
  makeUp(): Promise<void> {
    return this.#recovery.catchUp();
  }

  /** Rejects when Redis is gone or hangs. One late answer on a busy machine is neither. */
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
    this.#recovery.close();
    this.#redis.disconnect();
  }

  async #connect(): Promise<void> {
    try {
      if (this.#redis.status.startsWith('connect')) {
        await once(this.#redis, 'ready', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
      }
      await this.#ping();
      this.#silentTries = 0;
    } catch (error) {
      this.#giveUpSilentConnection();
      throw error;
    }
  }

  async #ping(): Promise<void> {
    if (this.#redis.status !== 'ready') throw new Error('not connected');
    await this.#inTime((redis) => redis.ping());
  }

  /** Uses one timer for everything that `work` sends together. */
  #inTime<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void => {
        reject(new Error(`no answer within ${String(this.#deadlineMs)} ms`));
      };
      // If this process itself was busy all the time, the answer may have arrived unread: it is read before the timeout counts.
      const timer = setTimeout(() => setImmediate(late), this.#deadlineMs);
      work(this.#redis)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
        });
    });
  }

  /** An error reply of Redis (out of memory, read only) concerns one operation; any other error concerns the connection. */
  #refused(error: unknown): undefined {
    if (!(error instanceof Error) || error.name !== 'ReplyError') throw error;
    const nowMs = performance.now();
    if (nowMs - this.#refusalLoggedAtMs < REFUSALS_LOGGED_EVERY_MS) return;
    this.#refusalLoggedAtMs = nowMs;
    log.warn({ err: error }, 'redis refuses an operation');
  }

  #giveUpSilentConnection(): void {
    const isOpen = this.#redis.status === 'ready' || this.#redis.status === 'connect';
    this.#silentTries = isOpen ? this.#silentTries + 1 : 0;
    if (this.#silentTries < SILENT_TRIES_MAX) return;
    this.#silentTries = 0;
    this.#redis.disconnect(true);
  }
}
