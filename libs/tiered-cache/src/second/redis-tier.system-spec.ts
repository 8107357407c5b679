import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startRedis, waitFor, type RedisServer } from '@mystocks/testing';
import { Redis } from 'ioredis';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { encodeEntry } from './encode-entry.js';
import { ENTRY_BYTES_MAX, MISS } from '../entry.js';
import { RedisTier } from './redis-tier.js';
import { aKey, aTag, keep, keptWith, leaseOf, stateOf, type Stall } from './tier-samples.conformance.js';
import { itIsATier } from '../tier.conformance.js';

let redis: RedisServer;
let wire: Server;
let operations = 0;
beforeAll(async () => {
  redis = await startRedis();
  // Between the tier and Redis: counts what is sent. Every operation is a script.
  wire = createServer((client) => {
    const server = connect(redis.port, '127.0.0.1');
    client.on('data', (piece) => (operations += piece.toString('latin1').split('eval').length - 1));
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  wire.close();
  await redis.stop();
});

async function open(prefix: string, url = redis.url): Promise<RedisTier> {
  // Long, because a busy machine is not what is tested here: redis-link.system-spec.ts has the deadline.
  const tier = new RedisTier({ url, prefix, deadlineMs: 1_000 });
  await waitFor(() => tier.serving, { timeoutMs: 5_000, what: 'Redis' });
  return tier;
}

function stall(): Stall {
  const before = operations;
  redis.pause();
  return {
    sent: () => operations - before,
    end: () => {
      redis.resume();
    },
  };
}

itIsATier('RedisTier', {
  open: () => open('conformance:', `redis://127.0.0.1:${String((wire.address() as AddressInfo).port)}`),
  openSecond: () => open('conformance:'),
  leases: 'shared',
  stall,
});

describe('RedisTier', () => {
  let tier: RedisTier;
  let other: Redis;
  beforeEach(async () => {
    tier = await open('special:');
    other = new Redis(redis.url);
    await other.flushall();
  });
  afterEach(async () => {
    other.disconnect();
    await tier.close();
  });

  it.each([
    ['an entry of an older layout', (bytes: Buffer) => Buffer.concat([Buffer.from([1]), bytes.subarray(1)])],
    ['bytes that are not ours', () => Buffer.from('{"wrong":"json"}')],
  ])('treats %s as a miss, and removes it', async (_what, poison) => {
    const [key, kept] = [aKey(), keptWith({})];
    await keep(tier, key, kept);
    await other.hset(`special:e:${key}`, 'bytes', poison(encodeEntry(kept)));
    expect(await tier.getMany([key, aKey()])).toEqual([MISS, MISS]);
    await waitFor(async () => (await other.exists(`special:e:${key}`)) === 0, { timeoutMs: 5_000, what: 'removal' });
  });

  it.each([
    ['a string', (key: string) => other.set(key, 'of an older version of this system')],
    ['a hash without tags', (key: string) => other.hset(key, 'bytes', 'something')],
    ['a hash with tags of another kind', (key: string) => other.hset(key, 'bytes', 'something', 'tags', '7')],
  ])('treats %s in the place of an entry as a miss, and removes it', async (_what, put) => {
    const key = aKey();
    await put(`special:e:${key}`);
    expect(await tier.get(key)).toEqual(MISS);
    expect(await other.exists(`special:e:${key}`)).toBe(0);
    expect(await keep(tier, key, keptWith({}))).toBe(true);
  });

  it('does not serve an entry that a write could no longer find because the note of its tag was evicted', async () => {
    const [tag, key, second] = [aTag(), aKey(), aKey()];
    await keep(tier, key, keptWith({ tags: [tag, aTag()] }));
    await other.unlink(`special:t:${tag}`);
    await keep(tier, second, keptWith({ tags: [tag] }));
    expect(await tier.get(key)).toEqual(MISS);
    expect(await stateOf(tier, second)).toBe('kept');
  });

  it('issues rising fences after Redis has lost everything', async () => {
    const [key, tag] = [aKey(), aTag()];
    await tier.drop({ tags: [tag] });
    const lease = await leaseOf(tier, key);
    await other.flushall();
    const next = await leaseOf(tier, key);
    expect(next.fence).toBeGreaterThan(lease.fence);
    expect(await tier.set(keptWith({}), lease)).toBe(false);
    expect(await tier.set(keptWith({ tags: [tag] }), next)).toBe(true);
  });

  it('stores nothing with an older lease when Redis has evicted the record of drops and writes', async () => {
    const [tag, underWay] = [aTag(), await leaseOf(tier, aKey())];
    await tier.drop({ tags: [tag] });
    await other.unlink('special:stamps');
    const next = await leaseOf(tier, aKey());
    expect(await tier.set(keptWith({ tags: [tag] }), underWay)).toBe(false);
    expect(await tier.set(keptWith({ tags: [tag] }), next)).toBe(true);
    await other.unlink('special:stamps');
    expect(await tier.set(keptWith({}), await leaseOf(tier, underWay.key))).toBe(true);
    const last = await leaseOf(tier, underWay.key);
    await other.unlink('special:stamps');
    expect(await tier.set(keptWith({}), last)).toBe(false);
  });

  it('issues rising fences even when the clock of Redis goes back', async () => {
    const ahead = Date.now() * 1_000 + 3_600_000_000;
    await other.set('special:fence', String(ahead));
    expect((await leaseOf(tier, aKey())).fence).toBe(ahead + 1);
    expect((await leaseOf(tier, aKey())).fence).toBe(ahead + 2);
  });

  it('finds the entries of a tag however many there are', async () => {
    const [tag, key] = [aTag(), aKey()];
    await keep(tier, key, keptWith({ tags: [tag] }));
    const gone = Array.from({ length: 20_000 }, () => [Date.now() + 60_000, aKey()]).flat();
    await other.zadd(`special:t:${tag}`, ...gone);
    expect(await tier.drop({ tags: [tag] })).toBe(1);
    expect(await tier.get(key)).toEqual(MISS);
  });

  it('remembers drops and writes for as long as a lease may be held, and no longer', async () => {
    const lease = await leaseOf(tier, aKey(), 3_600_000);
    expect(await tier.claim(lease.key, 1_000)).toMatchObject({ state: 'held' });
    expect(await other.pttl(`special:l:${lease.key}`)).toBeLessThanOrEqual(60_000);
    expect(await tier.renew(lease, 59_000)).toBe(true);
    expect(await tier.renew(lease, 60_001)).toBe(false);
    const stamps = async (): Promise<string[]> => (await other.zrangebyscore('special:stamps', 0, '+inf')).sort();
    await tier.drop({ tags: ['one', 'two'] });
    await tier.invalidate(['three'], '0/1');
    expect(await stamps()).toEqual(['one', 'three', 'two']);
    const longAgo = (Date.now() - 60_001) * 1_000;
    await other.zadd('special:stamps', longAgo, 'one', longAgo, 'three');
    await tier.drop({ tags: ['two'] });
    expect(await stamps()).toEqual(['two']);
    expect(await other.exists('special:lsns')).toBe(0);
  });

  it('stores nothing with an older lease while it scans the keys to clear them', async () => {
    const lease = await leaseOf(tier, aKey());
    await tier.clear();
    // As if the walk had not come to this one yet.
    await other.set(`special:l:${lease.key}`, String(lease.fence), 'PX', 60_000);
    expect(await tier.set(keptWith({}), lease)).toBe(false);
    expect(await keep(tier, lease.key, keptWith({}))).toBe(true);
  });

  it('continues when Redis has lost its scripts', async () => {
    const [key, second] = [aKey(), aKey()];
    await keep(tier, key, keptWith({}));
    await other.script('FLUSH');
    expect(await stateOf(tier, key)).toBe('kept');
    await other.script('FLUSH');
    expect(await tier.getMany([key, second])).toMatchObject([{ hit: true }, { hit: false }]);
    expect(tier.serving).toBe(true);
  });

  it('leaves nothing behind of an expired entry', async () => {
    const tag = aTag();
    const key = aKey();
    await keep(tier, key, keptWith({ tags: [tag] }, { graceUntilMs: Date.now() + 100 }));
    const gone = async (): Promise<boolean> => (await other.exists(`special:e:${key}`, `special:t:${tag}`)) === 0;
    await waitFor(gone, { timeoutMs: 5_000, what: 'both to expire' });
    await keep(tier, key, keptWith({ tags: [tag] }, { graceUntilMs: Date.now() + 50 }));
    const longer = aKey();
    await keep(tier, longer, keptWith({ tags: [tag] }));
    await keep(tier, key, keptWith({ tags: [tag] }, { graceUntilMs: Date.now() + 50 }));
    expect(await other.pttl(`special:t:${tag}`)).toBeGreaterThan(60_000);
    await waitFor(async () => (await other.exists(`special:e:${key}`)) === 0, { timeoutMs: 5_000, what: 'the short' });
    await keep(tier, longer, keptWith({ tags: [tag] }));
    expect(await other.zrange(`special:t:${tag}`, 0, -1)).toEqual([longer]);
  });

  it('stores no entry over the byte limit', async () => {
    const key = aKey();
    expect(await keep(tier, key, keptWith({ body: Buffer.alloc(ENTRY_BYTES_MAX + 1) }))).toBe(false);
    expect((await tier.claim(key, 1_000)).state).toBe('leased');
  });

  it('continues to read when Redis refuses one operation', async () => {
    const [key, odd] = [aKey(), aTag()];
    await keep(tier, key, keptWith({}));
    await other.set(`special:t:${odd}`, 'a string where a note should be');
    await keep(tier, aKey(), keptWith({ tags: [odd] }));
    expect(tier.serving).toBe(true);
    expect(await stateOf(tier, key)).toBe('kept');
  });
});
