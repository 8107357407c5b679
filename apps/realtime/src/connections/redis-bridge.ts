import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Check } from '@mystocks/health';
import { log } from '@mystocks/telemetry';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis, type RedisOptions } from 'ioredis';
import { readPacket, writePacket } from './node-packet.js';

const RETRY_MAX_MS = 2_000;
const COMMAND_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 2_000;

const shared: RedisOptions = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  maxRetriesPerRequest: null,
  retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), RETRY_MAX_MS),
};
type Command = (...args: unknown[]) => Promise<unknown>;

/**
 * Sends messages from one instance to the others: rooms of v1, and users to disconnect. Quotes and bars do not pass here. While
 * Redis is down each instance serves its own sockets, no message is queued for later, and the connection is retried for ever.
 */
@Injectable()
export class RedisBridge implements OnApplicationShutdown {
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  /** Made once for each namespace by Socket.IO. */
  readonly adapter: ReturnType<typeof createAdapter>;

  constructor(url: string) {
    // No message may be queued while Redis is away: a `room_member_joined` of an hour ago is worthless.
    this.#publisher = open(url, { enableOfflineQueue: false, commandTimeout: COMMAND_TIMEOUT_MS });
    this.#subscriber = open(url, {});
    logRejections(this.#publisher, ['publish']);
    logRejections(this.#subscriber, ['psubscribe', 'subscribe', 'punsubscribe', 'unsubscribe']);
    this.adapter = createAdapter(this.#publisher, this.#subscriber, {
      key: 'mystocks',
      parser: { encode: writePacket, decode: readPacket },
    });
  }

  check(): Check {
    return {
      name: 'redis',
      probe: async () => {
        if (this.#subscriber.status !== 'ready') throw new Error(`subscriber is ${this.#subscriber.status}`);
        await this.#publisher.ping();
      },
    };
  }

  onApplicationShutdown(): void {
    this.#publisher.disconnect();
    this.#subscriber.disconnect();
  }
}

function open(url: string, options: RedisOptions): Redis {
  const redis = new Redis(url, { ...shared, ...options });
  let down = false;
  redis.on('error', (error: Error) => {
    if (!down) log.warn({ err: error }, 'redis is not reachable; each instance serves its own sockets');
    down = true;
  });
  redis.on('ready', () => {
    if (down) log.info('redis is reachable again');
    down = false;
  });
  return redis;
}

/** Logs rejections of these commands. The adapter drops their promises, so a rejection would end the process. */
function logRejections(
  redis: Redis,
  names: readonly ('publish' | 'psubscribe' | 'subscribe' | 'punsubscribe' | 'unsubscribe')[],
): void {
  for (const name of names) {
    const command = (redis[name] as unknown as Command).bind(redis);
    Object.assign(redis, {
      [name]: (...args: unknown[]) =>
        command(...args).catch((error: unknown) => {
          log.debug({ err: error, command: name }, 'redis command failed');
        }),
    });
  }
}
