import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Bus, Handles } from '@mystocks/bus';
import { parseSettings } from '@mystocks/config';
import {
  cacheStatus,
  instrumentsChanged,
  listInstruments,
  readAnswer,
  warmAnswers,
  type Answer,
  type CacheStatus,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { startNats, startRedis, waitFor, type NatsServer, type RedisServer } from '@mystocks/testing';
import { Controller, Module, type DynamicModule } from '@nestjs/common';
import { serve, type Served } from '../test/serve.js';
import { CacheModule } from './cache.module.js';
import { CacheSettings } from './cache.settings.js';
import { openTier } from './tiers/open-tier.js';

const caller: Caller = { id: 'id', username: 'desk', roles: ['admin'], expiresAtMs: Infinity };
let version = 1;

@Controller()
class Owner {
  @Handles(listInstruments)
  list(): Promise<Answer> {
    const text = `{"version":${version}}`;
    const about = { etag: `"${version}"`, tags: ['instruments'], ttl_ms: 60_000, built_at_ms: Date.now() };
    return Promise.resolve({ ...about, body: Buffer.from(text) });
  }
}

@Module({ controllers: [Owner] })
class OwnerModule {}

let nats: NatsServer;
let redis: RedisServer;
let client: Bus;
const opened: Served[] = [];

beforeAll(async () => {
  [nats, redis] = await Promise.all([startNats(), startRedis()]);
  client = Bus.connect({ servers: [nats.url], service: 'gateway' });
  const environment = { MANAGEMENT_PORT: '1', NATS_URL: nats.url, REDIS_URL: redis.url };
  const settings = parseSettings(CacheSettings, environment);
  const tier = openTier(settings.CACHE_L2, (shape) => parseSettings(shape, environment));
  await open('market-data', { module: OwnerModule });
  await open('cache', CacheModule.forRoot(settings, tier), settings);
  await waitFor(async () => (await status()).l2_connected, { timeoutMs: 10_000, what: 'the cache service' });
}, 30_000);
afterAll(async () => {
  for (const one of opened) await one.close();
  await client.drain();
  await Promise.all([nats.stop(), redis.stop()]);
}, 30_000);
beforeEach(async () => {
  version += 1;
  client.publish(instrumentsChanged, { count: 1, lsn: `0/${version.toString(16).toUpperCase()}` });
  await kept();
});
afterEach(() => {
  redis.resume();
});

const authenticate = (): Promise<Caller> => Promise.resolve(caller);

async function open(service: string, module: DynamicModule, settings?: CacheSettings): Promise<void> {
  opened.push(await serve({ natsUrl: nats.url, service, module, settings, authenticate }));
}

const status = (): Promise<CacheStatus> => client.call(cacheStatus, {});
const read = (): Promise<Answer> =>
  client.call(readAnswer, { subject: listInstruments.subject, request: '{"limit":5}' });
/** Reads until the newest version comes out of Redis. */
const kept = (): Promise<unknown> =>
  waitFor(
    async () => {
      const { cache, body } = await read();
      return cache === 'l2-hit' && body.toString() === `{"version":${version}}`;
    },
    { timeoutMs: 8_000, what: 'the answer to be kept' },
  );

describe('the cache service on real servers', () => {
  it('answers the same bytes from Redis as their owner did', async () => {
    const { body, etag, tags } = await read();
    expect(body.toString()).toBe(`{"version":${version}}`);
    expect([etag, tags]).toEqual([`"${version}"`, ['instruments']]);
  });

  it('finds what was warmed, and says so', async () => {
    const reads = [5, 6, 7].map((limit) => ({ subject: listInstruments.subject, request: `{"limit":${limit}}` }));
    const report = await client.call(warmAnswers, { reads });
    // The first is kept since before the test.
    expect(report.items.map(({ status: kept }) => kept)).toEqual([200, 201, 201]);
    for (const one of reads) expect(await client.call(readAnswer, one)).toMatchObject({ cache: 'l2-hit' });
  });

  it('never answers the old after a write was announced', async () => {
    for (let round = 0; round < 50; round += 1) {
      version += 1;
      client.publish(instrumentsChanged, { count: 1, lsn: `0/${version.toString(16).toUpperCase()}` });
      const answers = await Promise.all([read(), read(), read()]);
      for (const { body } of answers) expect(body.toString()).toBe(`{"version":${version}}`);
    }
  });

  it('reads on while Redis hangs, without asking it any more, and uses it again afterwards', async () => {
    redis.pause();
    expect((await read()).cache).toBe('miss');
    expect((await status()).l2_connected).toBe(false);
    for (let index = 0; index < 20; index += 1) expect((await read()).cache).toBe('miss');
    expect((await status()).l2_connected).toBe(false);
    redis.resume();
    await kept();
  });

  it('reads on without Redis and heals by itself', async () => {
    await redis.kill();
    for (let index = 0; index < 20; index += 1) expect((await read()).cache).toBe('miss');
    await redis.restart();
    await kept();
  });

  it('invalidates its entries after it was cut off from events', async () => {
    await nats.kill();
    // A write whose event did not arrive.
    version += 1;
    await nats.restart();
    // Until the owner sends a heartbeat again the last good answer is served, marked stale.
    const unmarked = new Set<string>();
    const isFresh = async (): Promise<boolean> => {
      const { cache, quality, body } = await read();
      if (cache !== 'stale' || quality !== 'stale') unmarked.add(body.toString());
      return cache !== 'stale';
    };
    await waitFor(isFresh, { timeoutMs: 10_000, what: 'the bus' });
    expect([...unmarked]).toEqual([`{"version":${version}}`]);
    await kept();
  }, 20_000);
});
