import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Bus, Handles } from '@mystocks/bus';
import { BadSettings, parseSettings, type Environment } from '@mystocks/config';
import { cacheStatus, instrumentsChanged, listInstruments, readAnswer, type Answer } from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import {
  startNats,
  startRedis,
  startTdengineStandIn,
  waitFor,
  type NatsServer,
  type RedisServer,
  type TdengineStandIn,
} from '@mystocks/testing';
import { Controller, Module, type DynamicModule } from '@nestjs/common';
import { serve, type Served } from '../../test/serve.js';
import { CacheModule } from '../cache.module.js';
import { CacheSettings } from '../cache.settings.js';
import { openTier } from './open-tier.js';
import { SecondTier } from './second-tier.js';
import { tierKinds, type TierKind } from './tier.settings.js';

const caller: Caller = { id: 'id', username: 'desk', roles: ['admin'], expiresAtMs: Infinity };
/** By what a list is asked with: its limit. None is what a cache could mistake for nothing. */
const bodies = [Buffer.from('null'), Buffer.from('0'), Buffer.from('""'), Buffer.from('false'), randomBytes(1_000_000)];
let version = 1;

@Controller()
class Owner {
  @Handles(listInstruments)
  list({ limit = 1 }: { readonly limit?: number }): Promise<Answer> {
    const about = { tags: ['instruments'], ttl_ms: 60_000, swr_ms: 1_000, built_at_ms: 7, quality: 'eod' } as const;
    const etag = `"${String(version)}-${String(limit)}"`;
    return Promise.resolve({ ...about, tags: [...about.tags], etag, body: bodies[limit - 1] ?? Buffer.from('none') });
  }
}

@Module({ controllers: [Owner] })
class OwnerModule {}

let redis: RedisServer;
let standIn: TdengineStandIn;
beforeAll(async () => {
  [redis, standIn] = await Promise.all([startRedis(), startTdengineStandIn()]);
});
afterAll(() => Promise.all([redis.stop(), standIn.stop()]));

/** Only what a kind needs. */
const environmentOf = (kind: TierKind): Environment => ({
  MANAGEMENT_PORT: '1',
  NATS_URL: 'nats://127.0.0.1:4222',
  CACHE_L2: kind,
  ...(kind === 'redis' && { REDIS_URL: redis.url }),
  ...(kind === 'tdengine' && { TDENGINE_URL: standIn.url }),
});

const authenticate = (): Promise<Caller> => Promise.resolve(caller);

describe.each(tierKinds)('the cache service with CACHE_L2=%s', (kind) => {
  let nats: NatsServer;
  let client: Bus;
  let second: SecondTier;
  const opened: Served[] = [];

  const open = async (service: string, module: DynamicModule, settings?: CacheSettings): Promise<Served> => {
    const served = await serve({ natsUrl: nats.url, service, module, settings, authenticate });
    opened.push(served);
    return served;
  };
  const read = (limit: number): Promise<Answer> =>
    client.call(readAnswer, { subject: listInstruments.subject, request: `{"limit":${String(limit)}}` });
  const readKept = (limit: number): Promise<Answer> =>
    waitFor(
      async () => {
        const answer = await read(limit);
        return answer.cache === 'l2-hit' && answer;
      },
      { timeoutMs: 20_000, what: `an answer from ${kind}` },
    ) as Promise<Answer>;

  beforeAll(async () => {
    nats = await startNats();
    client = Bus.connect({ servers: [nats.url], service: 'gateway' });
    const environment = environmentOf(kind);
    const tier = openTier(kind, (shape) => parseSettings(shape, environment));
    await open('market-data', { module: OwnerModule });
    const settings = parseSettings(CacheSettings, environment);
    const cache = await open('cache', CacheModule.forRoot(settings, tier), settings);
    second = cache.app.get(SecondTier);
    const status = { timeoutMs: 20_000, what: `the cache service on ${kind}` };
    await waitFor(async () => (await client.call(cacheStatus, {})).l2_connected, status);
  }, 60_000);
  afterAll(async () => {
    for (const one of opened) await one.close();
    await client.drain();
    await nats.stop();
  }, 60_000);

  it('answers the bytes of their owner, and everything that is known about them', async () => {
    for (const [place, body] of bodies.entries()) {
      const limit = place + 1;
      const first = await read(limit);
      const kept = await readKept(limit);
      expect([first.body.equals(body), kept.body.equals(body)]).toEqual([true, true]);
      const { etag, tags, swr_ms, built_at_ms, quality } = kept;
      expect({ etag, tags, swr_ms, built_at_ms, quality }).toEqual({
        ...{ etag: `"${String(version)}-${String(limit)}"`, tags: ['instruments'] },
        ...{ swr_ms: 1_000, built_at_ms: 7, quality: 'eod' },
      });
      expect(kept.ttl_ms).toBeLessThanOrEqual(60_000);
      expect(kept.ttl_ms).toBeGreaterThan(0);
    }
  });

  it('never answers the old after a write was announced', async () => {
    await readKept(1);
    for (let round = 0; round < 20; round += 1) {
      version += 1;
      client.publish(instrumentsChanged, { count: 1, lsn: `0/${version.toString(16).toUpperCase()}` });
      const answers = await Promise.all([read(1), read(2), read(1)]);
      expect(answers.map(({ etag }) => etag)).toEqual(
        [1, 2, 1].map((limit) => `"${String(version)}-${String(limit)}"`),
      );
    }
    expect((await readKept(2)).etag).toBe(`"${String(version)}-2"`);
  });

  it('says what it is built on, to operators and for readiness', async () => {
    expect(await client.call(cacheStatus, {})).toMatchObject({ l2: kind, l2_connected: true });
    const { name, probe } = second.check();
    expect(name).toBe(kind);
    await probe();
  });
});

describe('CACHE_L2', () => {
  const missing = (kind: TierKind): unknown => {
    try {
      const tier = openTier(kind, (shape) => parseSettings(shape, { CACHE_L2: kind }));
      return tier.close();
    } catch (error) {
      return error;
    }
  };

  it('CACHE_L2 is redis where nothing else is said, and nothing but what is known', () => {
    const environment = { ...environmentOf('memory'), CACHE_L2: undefined };
    expect(parseSettings(CacheSettings, environment).CACHE_L2).toBe('redis');
    expect(() => parseSettings(CacheSettings, { ...environment, CACHE_L2: 'memcached' })).toThrow(/CACHE_L2/);
  });

  it('needs the address of the one that is chosen, and of no other', async () => {
    expect(missing('redis')).toEqual(expect.any(BadSettings));
    expect(String(missing('redis'))).toContain('REDIS_URL');
    expect(String(missing('tdengine'))).toContain('TDENGINE_URL');
    await expect(missing('memory')).resolves.toBeUndefined();
  });

  it.each(['redis', 'tdengine'] as const)('refuses an address that is none as a bad setting of %s', (kind) => {
    const name = `${kind.toUpperCase()}_URL`;
    const open = (): unknown => openTier(kind, (shape) => parseSettings(shape, { [name]: 'nonsense' }));
    expect(open).toThrow(BadSettings);
    expect(open).toThrow(name);
  });
});

describe('TDengine as the second tier', () => {
  it('TDengine as the second tier is not ready without it, and again with it', async () => {
    const own = await startTdengineStandIn();
    const environment = { TDENGINE_URL: own.url };
    const tier = openTier('tdengine', (shape) => parseSettings(shape, environment));
    await waitFor(() => tier.serving, { timeoutMs: 20_000 });
    await own.stop();
    await expect(tier.probe()).rejects.toThrow();
    await own.start();
    await waitFor(() => tier.probe().then(() => tier.serving), { timeoutMs: 20_000 });
    await tier.close();
    await own.stop();
  });
});
