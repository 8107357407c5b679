import { systemClock, type Clock } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';
import { Redis } from 'ioredis';
import { decodeKept, encodeKept } from './encode-kept.js';
import { MISS, type Kept, type Lookup } from './kept.js';
import { DROP_TAGS, KEEP } from './redis-scripts.js';
import type { Entry, Tier } from './tier.js';
import { chunksOf } from './chunks.js';

export interface RedisTierOptions {
  readonly url: string;
  /** What one operation may take before it counts as failed, ms. */
  readonly deadlineMs?: number;
  /** Start of every key. */
  readonly prefix?: string;
  readonly clock?: Clock;
}

/** How often a Redis that failed is tried again, ms. */
const MEND_EVERY_MS = 200;
/** Tries without any reply after which the connection is given up as half-open and opened anew. */
const SILENT_TRIES_MAX = 15;
const PINGS_PER_PROBE = 5;
const REFUSALS_LOGGED_EVERY_MS = 10_000;

/**
 * The second tier in Redis. After one failed operation nothing more is sent until Redis answers a ping again, so a
 * slow Redis costs one deadline, not one deadline a read. A drop that could not be done makes it clear everything first.
 */
export class RedisTier implements Tier {
  readonly kind = 'redis';
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #clock: Clock;
  #failing = false;
  #told = false;
  #clearsAsked = 0;
  #clearsDone = 0;
  #closed = false;
  #silentTries = 0;
  #mendTimer: NodeJS.Timeout | undefined;
  #mending: Promise<void> | undefined;
  #lastRefusalMs = 0;

  constructor(options: RedisTierOptions) {
    this.#prefix = options.prefix ?? 'mystocks:l2:';
    this.#clock = options.clock ?? systemClock;
    this.#redis = new Redis(options.url, {
      commandTimeout: options.deadlineMs ?? 50,
      connectTimeout: 1_000,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(50 * times, 500),
    });
    // Without a listener ioredis prints each lost connection; readiness and the line below say it once.
    this.#redis.on('error', (error: Error) => {
      if (!this.#told) this.#fail(error);
    });
  }

  async get(key: string): Promise<Lookup> {
    const bytes = await this.#attempt(() => this.#redis.getBuffer(this.#entryKey(key)));
    if (bytes === undefined || bytes === null || !this.serving) return MISS;
    const kept = decodeKept(bytes);
    return kept !== undefined && kept.expiresAtMs > this.#clock.now() ? { hit: true, kept } : MISS;
  }

  async set(key: string, kept: Kept): Promise<void> {
    const keeping = this.#keeping({ key, kept });
    if (keeping !== undefined) await this.#attempt(() => this.#redis.eval(KEEP, ...keeping));
  }

  /** One round trip a chunk: what a chunk holds is bounded, so that it fits the deadline of an operation. */
  async setMany(entries: readonly Entry[]): Promise<boolean[]> {
    const outcomes: boolean[] = [];
    for (const chunk of chunksOf(entries)) outcomes.push(...(await this.#setChunk(chunk)));
    return outcomes;
  }

  async #setChunk(entries: readonly Entry[]): Promise<boolean[]> {
    const pipeline = this.#redis.pipeline();
    const sent = entries.map((entry) => {
      const keeping = this.#keeping(entry);
      if (keeping !== undefined) pipeline.eval(KEEP, ...keeping);
      return keeping !== undefined;
    });
    if (!sent.includes(true)) return sent;
    const replies = ((await this.#attempt(() => pipeline.exec())) ?? []).values();
    return sent.map((wasSent) => wasSent && this.#isKept(replies.next().value));
  }

  #isKept(reply: [error: Error | null, result: unknown] | undefined): boolean {
    const error = reply?.[0] ?? undefined;
    if (error !== undefined) this.#note(error);
    return reply !== undefined && error === undefined;
  }

  /** Number of keys, keys and arguments of {@link KEEP}; nothing for an entry that has expired. */
  #keeping({ key, kept }: Entry): [number, ...(string | Buffer | number)[]] | undefined {
    const ttlMs = Math.floor(kept.expiresAtMs - this.#clock.now());
    if (ttlMs <= 0) return undefined;
    const keys = [this.#entryKey(key), ...kept.answer.tags.map((tag) => this.#tagKey(tag))];
    return [keys.length, ...keys, encodeKept(kept), ttlMs];
  }

  async deleteTags(tags: readonly string[]): Promise<void> {
    if (tags.length === 0) return;
    const keys = tags.map((tag) => this.#tagKey(tag));
    const done = await this.#attempt(() => this.#redis.eval(DROP_TAGS, keys.length, ...keys));
    if (done === undefined && !this.#closed) void this.clear();
  }

  async clear(): Promise<void> {
    this.#clearsAsked += 1;
    await this.#mend();
  }

  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#mendTimer);
    this.#redis.disconnect();
    return Promise.resolve();
  }

  /** Whether reads are answered from Redis now. */
  get serving(): boolean {
    return !this.#failing && this.#clearsDone === this.#clearsAsked && this.#redis.status === 'ready';
  }

  /** For readiness: fails when Redis is gone or hangs. One late answer on a busy machine is neither. */
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

  async #ping(): Promise<void> {
    if (this.#redis.status !== 'ready') throw new Error('not connected');
    await this.#redis.ping();
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (!this.serving) return undefined;
    try {
      return await work();
    } catch (error) {
      this.#note(error);
      return undefined;
    }
  }

  #note(error: unknown): void {
    // An error that Redis itself answers (out of memory, read only) concerns this operation, not the connection.
    if (error instanceof Error && error.name === 'ReplyError') this.#noteRefusal(error);
    else this.#fail(error);
  }

  #noteRefusal(error: Error): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#lastRefusalMs < REFUSALS_LOGGED_EVERY_MS) return;
    this.#lastRefusalMs = nowMs;
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
        await this.#clearAll();
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

  async #clearAll(): Promise<void> {
    let cursor = '0';
    do {
      const [next, keys] = await this.#redis.scan(cursor, 'MATCH', `${this.#prefix}*`, 'COUNT', 1_000);
      if (keys.length > 0) await this.#redis.unlink(...keys);
      cursor = next;
    } while (cursor !== '0');
  }

  #giveUpSilentConnection(): void {
    this.#silentTries += 1;
    if (this.#silentTries < SILENT_TRIES_MAX || this.#redis.status !== 'ready') return;
    this.#silentTries = 0;
    this.#redis.disconnect(true);
  }

  #entryKey(key: string): string {
    return `${this.#prefix}e:${key}`;
  }

  #tagKey(tag: string): string {
    return `${this.#prefix}t:${tag}`;
  }
}
