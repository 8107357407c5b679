import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startRedis, waitFor, type RedisServer } from '@mystocks/testing';
import { Redis } from 'ioredis';
import { MISS } from './kept.js';
import { RedisTier } from './redis-tier.js';
import { itIsATier, keptWith } from './tier.conformance.js';

const DEADLINE_MS = 50;
let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const open = async (prefix: string): Promise<RedisTier> => {
  const tier = new RedisTier({ url: redis.url, prefix, deadlineMs: DEADLINE_MS });
  await waitFor(() => tier.serving, { timeoutMs: 5_000, what: 'Redis' });
  return tier;
};
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
};

itIsATier('RedisTier', () => open('conformance:'));

describe('RedisTier when Redis fails', () => {
  let tier: RedisTier;
  beforeEach(async () => {
    tier = await open('faults:');
    await tier.clear();
    await tier.set('key', keptWith({ tags: ['600519.SH'] }));
  });
  afterEach(async () => {
    redis.resume();
    await tier.close();
  });

  it('takes a Redis that hangs for a miss after its deadline, and then at once', async () => {
    redis.pause();
    // The bounds are for what goes wrong, not for the speed of this machine: reads that wait for Redis, or each for its deadline.
    expect(await timed(() => tier.get('key'))).toBeLessThan(1_000);
    const answers: unknown[] = [];
    const ms = await timed(async () => {
      for (let index = 0; index < 1_000; index += 1) answers.push(await tier.get('key'));
    });
    expect(answers).toEqual(answers.map(() => MISS));
    expect(ms).toBeLessThan((1_000 * DEADLINE_MS) / 10);
    await expect(tier.probe()).rejects.toThrow();
    redis.resume();
    await waitFor(async () => (await tier.get('key')).hit, { timeoutMs: 5_000, what: 'the entry' });
  });

  it('keeps none of many while Redis hangs, and says so of each', async () => {
    const many = Array.from({ length: 100 }, (_, n) => ({ key: `many-${n}`, kept: keptWith({}) }));
    redis.pause();
    expect(await tier.setMany(many)).toEqual(many.map(() => false));
    redis.resume();
    await waitFor(async () => (await tier.setMany(many)).every(Boolean), { timeoutMs: 5_000, what: 'Redis' });
  });

  it('answers at once while Redis is gone, and heals by itself when it is back', async () => {
    await redis.kill();
    await waitFor(() => !tier.serving, { timeoutMs: 5_000 });
    const ms = await timed(async () => {
      for (let index = 0; index < 100; index += 1) {
        await tier.set('key', keptWith({}));
        await tier.deleteTags(['600519.SH']);
        await tier.clear();
        expect(await tier.get('key')).toEqual(MISS);
      }
    });
    // Far from 400 deadlines, on the slowest machine.
    expect(ms).toBeLessThan((100 * DEADLINE_MS) / 2);
    await expect(tier.probe()).rejects.toThrow('not connected');
    await redis.restart();
    await waitFor(() => tier.serving, { timeoutMs: 5_000, what: 'Redis to be back' });
    await tier.set('key', keptWith({}));
    expect((await tier.get('key')).hit).toBe(true);
    await tier.probe();
  });

  it('opens before Redis is there', async () => {
    await redis.kill();
    const early = new RedisTier({ url: redis.url, prefix: 'early:' });
    expect(await early.get('key')).toEqual(MISS);
    await early.clear();
    await redis.restart();
    await waitFor(() => early.serving, { timeoutMs: 5_000, what: 'Redis to come' });
    await early.close();
  });

  it('serves nothing that it was told to drop while Redis hung', async () => {
    redis.pause();
    await tier.deleteTags(['600519.SH']);
    redis.resume();
    await waitFor(() => tier.serving, { timeoutMs: 5_000, what: 'Redis to be served from again' });
    expect(await tier.get('key')).toEqual(MISS);
  });

  describe('with another client', () => {
    let other: Redis;
    beforeEach(() => {
      other = new Redis(redis.url);
    });
    afterEach(() => {
      other.disconnect();
    });

    it('goes on reading when Redis refuses one operation', async () => {
      await other.set('faults:t:odd', 'a string where a set should be');
      await tier.set('more', keptWith({ tags: ['odd'] }));
      expect(tier.serving).toBe(true);
      expect((await tier.get('key')).hit).toBe(true);
    });

    it('takes what it did not write for a miss', async () => {
      await other.set('faults:e:foreign', 'not ours');
      expect(await tier.get('foreign')).toEqual(MISS);
    });

    it('leaves no note of a tag behind when its entries have expired', async () => {
      await tier.set('short', { ...keptWith({ tags: ['000001.SZ'] }), expiresAtMs: Date.now() + 50 });
      expect(await other.exists('faults:t:000001.SZ')).toBe(1);
      const gone = async (): Promise<boolean> => (await other.exists('faults:e:short', 'faults:t:000001.SZ')) === 0;
      await waitFor(gone, { timeoutMs: 3_000, what: 'both to expire' });
    });
  });
});
