import { beforeEach, describe, expect, it } from '@jest/globals';
import { Failure, type Answer } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import { answer, CacheHouse, until } from '../../test/cache-house.js';

const away = (): Promise<Answer> => Promise.reject(new Failure('unavailable', 'the owner is away'));
const staleCells = ['revalidate', 'error'].map((reason) => metrics.cacheStale.cell('l2', reason));
const counted = (): number[] => staleCells.map(({ count }) => count);

/** What goes on in the background has come to its end. */
const settled = (): Promise<unknown> => new Promise(setImmediate);

let house: CacheHouse;
let before: number[];
beforeEach(() => {
  house = new CacheHouse();
  before = counted();
});
/** How many reads were answered stale in this test: while asking again, and because of an error. */
const stales = (): number[] => counted().map((count, index) => count - (before[index] ?? 0));

describe('an entry that may be served while it is revalidated', () => {
  beforeEach(async () => {
    house.origin = () => answer('one', { swr_ms: 500 });
    await house.read();
    house.nowMs += 1_100;
  });

  it('is served at once, marked stale, and fetched once in the background, without a deadline', async () => {
    const waiting = house.hold();
    const deadlineMs = house.nowMs + 100;
    const served = await Promise.all(Array.from({ length: 20 }, () => house.read({ deadlineMs, token: 't' })));
    for (const one of served) {
      expect(one).toMatchObject({ etag: '"one-stale"', cache: 'stale', quality: 'stale', ttl_ms: 0 });
      expect(JSON.parse(one.body.toString())).toEqual({ meta: { quality: 'stale' }, v: 'one' });
    }
    await until(() => waiting.length === 1);
    expect(house.asked).toHaveLength(2);
    expect(house.asked[1]).toEqual({ requestId: 'request-1', traceparent: '', token: 't' });
    waiting[0]?.answer(answer('two'));
    await settled();
    expect(await house.read()).toMatchObject({ etag: '"two"', cache: 'l2-hit' });
    expect(stales()).toEqual([20, 0]);
  });

  it('is still served when the fetch fails, and not fetched by every read', async () => {
    house.origin = away;
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await house.read()).toMatchObject({ cache: 'stale' });
      await settled();
    }
    expect(house.asked).toHaveLength(2);
    expect(stales()).toEqual([5, 0]);
  });

  it('is not served to a reader that must see more than it shows', async () => {
    house.origin = () => answer('two');
    expect(await house.read({ readAfter: '0/9' })).toMatchObject({ etag: '"two"', cache: 'miss' });
  });

  it('is not served after a write has touched it', async () => {
    house.origin = () => answer('two');
    await house.announce('600519.SH', '0/5');
    expect(await house.read()).toMatchObject({ etag: '"two"', cache: 'miss' });
  });
});

describe('the last good answer', () => {
  beforeEach(async () => {
    await house.read();
    house.origin = away;
  });

  it.each(['unavailable', 'timeout'] as const)(
    'is served, marked stale, when the owner fails with %s',
    async (code) => {
      house.origin = () => Promise.reject(new Failure(code, 'no'));
      house.nowMs += 1_000;
      const one = await house.read();
      expect(one).toMatchObject({ etag: '"one-stale"', cache: 'stale', quality: 'stale', ttl_ms: 0, built_at_ms: 1 });
      expect(JSON.parse(one.body.toString())).toMatchObject({ meta: { quality: 'stale' } });
      expect(stales()).toEqual([0, 1]);
    },
  );

  it('is served after a write has invalidated it, too', async () => {
    await house.announce('600519.SH', '0/5');
    expect(await house.read()).toMatchObject({ cache: 'stale' });
  });

  it('is served no longer after the write than it would have been after its expiry', async () => {
    house.nowMs += 1_000;
    house.origin = () => answer('for days', { ttl_ms: 86_400_000 });
    await house.read();
    house.origin = away;
    await house.announce('600519.SH', '0/5');
    house.nowMs += 9_999;
    expect(await house.read()).toMatchObject({ etag: '"for days-stale"', cache: 'stale' });
    house.nowMs += 1;
    await expect(house.read()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is served no longer because more writes follow the one that invalidated it', async () => {
    house.nowMs += 1_000;
    house.origin = () => answer('for days', { ttl_ms: 86_400_000 });
    await house.read();
    house.origin = away;
    for (let second = 0; second < 10; second += 1) {
      await house.announce('600519.SH', `0/${(second + 5).toString(16).toUpperCase()}`);
      house.nowMs += 1_000;
    }
    await expect(house.read()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is served until its grace ends, and then the read fails', async () => {
    house.nowMs += 10_999;
    expect(await house.read()).toMatchObject({ cache: 'stale' });
    house.nowMs += 1;
    await expect(house.read()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is not served when the owner refuses', async () => {
    house.nowMs += 1_000;
    house.origin = () => Promise.reject(new Failure('not_found', 'no such symbol'));
    await expect(house.read()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is not served to a reader that must see more than it shows', async () => {
    house.nowMs += 1_000;
    await expect(house.read({ readAfter: '0/9' })).rejects.toMatchObject({ code: 'unavailable' });
    await house.announce('000001.SZ', '0/9');
    await expect(house.read({ readAfter: '0/9' })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is not served after it was dropped, although the read began before', async () => {
    const waiting = house.hold();
    house.nowMs += 1_000;
    const reading = house.read();
    await until(() => waiting.length === 1);
    await house.first.drop({ tags: ['600519.SH'] });
    waiting[0]?.fail(new Failure('unavailable', 'the owner is away'));
    await expect(reading).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is served without a fetch for a second after a failure, then the owner is asked again', async () => {
    house.nowMs += 1_000;
    for (let turn = 0; turn < 5; turn += 1) await house.read();
    expect(house.asked).toHaveLength(2);
    house.origin = () => answer('two');
    house.nowMs += 1_000;
    expect(await house.read()).toMatchObject({ etag: '"two"', cache: 'miss' });
  });

  it('is served without a fetch while the owner is silent', async () => {
    const owner = house.bus.beside('market-data');
    for (let turn = 0; turn < 8; turn += 1) await Promise.all([house.bus.passTime(250), owner.passTime(250)]);
    expect(house.bus.isSilent('market-data')).toBe(false);
    await house.bus.passTime(2_500);
    house.nowMs += 1_000;
    expect(await house.read()).toMatchObject({ cache: 'stale' });
    expect(house.asked).toHaveLength(1);
  });

  it('is served before the deadline of the caller', async () => {
    house.nowMs += 1_000;
    await house.read({ deadlineMs: house.nowMs + 3_000 });
    expect(house.asked[1]?.deadlineMs).toBe(house.nowMs + 2_900);
  });
});
