import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startRedis, waitFor, withoutWaiting, type RedisServer } from '@mystocks/testing';
import { Redis } from 'ioredis';
import { MISS } from '../entry.js';
import { RedisTier } from './redis-tier.js';
import { aKey, keep, keptWith, leaseOf, stateOf } from './tier-samples.conformance.js';

const DEADLINE_MS = 50;
let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** Through the tier, as it is used; a hang of ten seconds is in the conformance suite. */
describe('RedisLink, when Redis fails', () => {
  let tier: RedisTier;
  let key: string;
  beforeEach(async () => {
    tier = new RedisTier({ url: redis.url, prefix: 'faults:', deadlineMs: DEADLINE_MS });
    await waitFor(() => tier.serving, { timeoutMs: 5_000, what: 'Redis' });
    key = aKey();
    await keep(tier, key, keptWith({ tags: ['600519.SH'] }));
  });
  afterEach(async () => {
    redis.resume();
    await tier.close();
  });

  it('treats a Redis that hangs as a miss after its deadline, and from then on at once', async () => {
    redis.pause();
    expect(await tier.get(key)).toEqual(MISS);
    for (let index = 0; index < 1_000; index += 1) expect(await withoutWaiting(tier.get(key))).toEqual(MISS);
    await expect(tier.probe()).rejects.toThrow();
    redis.resume();
    await waitFor(async () => (await tier.get(key)).hit, { timeoutMs: 5_000, what: 'the entry' });
  });

  it('does not blame Redis when this process itself was busy', async () => {
    const found = tier.get(key);
    // Redis has 20 deadlines to answer in, on however busy a machine.
    const untilMs = performance.now() + 20 * DEADLINE_MS;
    while (performance.now() < untilMs);
    expect((await found).hit).toBe(true);
    expect(tier.serving).toBe(true);
  });

  it('stores none of many entries while Redis hangs, and says so of each', async () => {
    const many = await Promise.all(
      Array.from({ length: 100 }, async () => ({ lease: await leaseOf(tier, aKey()), entry: keptWith({}) })),
    );
    redis.pause();
    expect(await tier.setMany(many)).toEqual(many.map(() => false));
    redis.resume();
    await waitFor(() => tier.serving, { timeoutMs: 5_000, what: 'Redis' });
    expect(await keep(tier, aKey(), keptWith({}))).toBe(true);
  });

  it('answers at once while Redis is gone, and recovers by itself when it is back', async () => {
    const lease = await leaseOf(tier, aKey());
    await redis.kill();
    await waitFor(() => !tier.serving, { timeoutMs: 5_000 });
    for (let index = 0; index < 100; index += 1) {
      expect(await withoutWaiting(tier.set(keptWith({}), lease))).toBe(false);
      expect(await withoutWaiting(tier.drop({ tags: ['600519.SH'] }))).toBe(0);
      await withoutWaiting(tier.clear());
      expect(await withoutWaiting(tier.get(key))).toEqual(MISS);
    }
    await expect(tier.probe()).rejects.toThrow('not connected');
    await redis.restart();
    await waitFor(() => tier.serving, { timeoutMs: 5_000, what: 'Redis to be back' });
    expect(await keep(tier, key, keptWith({}))).toBe(true);
    expect(await stateOf(tier, key)).toBe('kept');
    await tier.probe();
  });

  it('RedisLink, when Redis fails can be opened before Redis runs', async () => {
    await redis.kill();
    const early = new RedisTier({ url: redis.url, prefix: 'early:' });
    expect(await early.get(key)).toEqual(MISS);
    expect(await early.claim(key, 1_000)).toEqual({ state: 'none' });
    await early.clear();
    await redis.restart();
    await waitFor(() => early.serving, { timeoutMs: 5_000, what: 'Redis to come' });
    await early.close();
  });

  it.each([
    ['drop', () => tier.drop({ tags: ['600519.SH'] })],
    ['invalidate', () => tier.invalidate(['600519.SH'], '0/1')],
  ])('serves nothing that it had to %s while Redis hung', async (_what, tell) => {
    redis.pause();
    expect(await tier.get(key)).toEqual(MISS);
    expect(tier.serving).toBe(false);
    await tell();
    redis.resume();
    await waitFor(() => tier.serving, { timeoutMs: 5_000, what: 'Redis to be served from again' });
    expect(await stateOf(tier, key)).not.toBe('kept');
  });

  it('loses no more in a short outage than the entries that changed meanwhile', async () => {
    const [byTag, byKey, spared] = [aKey(), aKey(), aKey()];
    await keep(tier, byTag, keptWith({ tags: ['000001.SZ'] }));
    await keep(tier, byKey, keptWith({ tags: ['000002.SZ'] }));
    await keep(tier, spared, keptWith({ tags: ['000002.SZ'] }));
    const underWay = await leaseOf(tier, aKey());
    redis.pause();
    expect(await tier.get(key)).toEqual(MISS);
    await tier.invalidate(['600519.SH'], '0/7');
    await tier.invalidate(['600519.SH'], '0/5');
    await tier.drop({ keys: [byKey], tags: ['000001.SZ'] });
    redis.resume();
    await waitFor(() => tier.serving, { timeoutMs: 5_000, what: 'Redis to be served from again' });
    const states = await Promise.all([key, byTag, byKey, spared].map((one) => stateOf(tier, one)));
    expect(states).toEqual(['invalidated', 'absent', 'absent', 'kept']);
    expect(await tier.set(keptWith({ tags: ['600519.SH'] }, { position: '0/6' }), underWay)).toBe(false);
  });

  it('clears everything when Redis refuses to do the missed changes', async () => {
    const other = new Redis(redis.url);
    await other.set('faults:t:odd', 'a string where a note should be');
    await tier.invalidate(['odd'], '0/1');
    await waitFor(() => tier.serving, { timeoutMs: 5_000, what: 'Redis to be served from again' });
    expect([await stateOf(tier, key), await other.exists('faults:t:odd')]).toEqual(['absent', 0]);
    other.disconnect();
  });

  it('clears everything after a lost connection, because Redis may have restarted from an older state', async () => {
    const other = new Redis(redis.url);
    await other.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await waitFor(async () => (await other.exists(`faults:e:${key}`)) === 0, { timeoutMs: 5_000, what: 'clearing' });
    await waitFor(() => tier.serving, { timeoutMs: 5_000, what: 'Redis to be served from again' });
    expect(await keep(tier, key, keptWith({}))).toBe(true);
    other.disconnect();
  });
});
