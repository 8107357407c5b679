import { log } from '@mystocks/telemetry';
import { Redis, type ChainableCommander } from 'ioredis';
import { once } from 'node:events';
import { TierRecovery } from './tier-recovery.js';
import { SCRIPTS } from './redis-scripts.js';

/** Does `work` with the connection, within the deadline. */
export type Step = <T>(work: (redis: Redis) => Promise<T>) => Promise<T>;

export interface RedisLinkOptions {
  readonly url: string;
  /** What one operation may take before it counts as failed, ms. */
  readonly deadlineMs: number;
  /** Does what could not be done when it was asked for, each step within the deadline; fails when it cannot. */
  readonly catchUp: (step: Step) => Promise<void>;
  /** The connection was lost and is there again: the store may have been started anew, from an older state. */
  readonly reconnected: () => void;
}

const CONNECT_TIMEOUT_MS = 1_000;
/** Tries without any reply after which the connection is given up as half-open and opened anew. */
const SILENT_TRIES_MAX = 15;
const PINGS_PER_PROBE = 5;
const REFUSALS_LOGGED_EVERY_MS = 10_000;

/** A connection that never holds its users up: see {@link TierRecovery}. */
export class RedisLink {
  readonly #redis: Redis;
  readonly #deadlineMs: number;
  readonly #mending: TierRecovery;
  #silentTries = 0;
  #refusalLoggedAtMs = -Infinity;

  constructor({ url, deadlineMs, catchUp: catchUp, reconnected }: RedisLinkOptions) {
    this.#deadlineMs = deadlineMs;
    this.#redis = new Redis(url, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(50 * times, 500),
      scripts: SCRIPTS,
    });
    // Without a listener ioredis prints each lost connection; readiness tells, and the mending once in the log.
    this.#redis.on('error', () => undefined);
    this.#redis.once('ready', () => this.#redis.on('ready', reconnected));
    this.#mending = new TierRecovery({
      name: 'redis',
      probe: () => this.#comeUp(),
      catchUp: () => catchUp((work) => this.#inTime(work)),
    });
  }

  /** Whether operations are sent now. */
  get serving(): boolean {
    return this.#mending.serving && this.#redis.status === 'ready';
  }

  /** What `work` got from Redis; nothing, at once, when it is not served from now, or when the work fails. */
  attempt<T>(work: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    return this.#mending.attempt(async () => {
      try {
        return await this.#inTime(work);
      } catch (error) {
        return this.#refused(error);
      }
    });
  }

  /** What each of the operations that `send` puts together got, in their order; nothing for each that failed. */
  async attemptMany(send: (pipeline: ChainableCommander) => void): Promise<unknown[]> {
    const results = await this.#mending.attempt(async () => {
      const replies = await this.#inTime((redis) => {
        const pipeline = redis.pipeline();
        send(pipeline);
        return pipeline.exec();
      });
      return (replies ?? []).map(([error, result]) => (error === null ? result : this.#refused(error)));
    });
    return results ?? [];
  }

  /** Makes up for what was missed before anything is served again; settles when that is done, or was tried in vain. */
  makeUp(): Promise<void> {
    return this.#mending.catchUp();
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
    this.#mending.close();
    this.#redis.disconnect();
  }

  async #comeUp(): Promise<void> {
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

  /** An error that Redis itself answers (out of memory, read only) concerns one operation; others the connection. */
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
