import { beforeEach, describe, expect, it } from '@jest/globals';
import { Failure, type Answer } from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import { answer, CacheSystem, until } from '../../test/cache-system.js';

const away = (): Promise<Answer> => Promise.reject(new Failure('unavailable', 'the owner is away'));
const staleCells = ['revalidate', 'error'].map((reason) => metrics.cacheStale.cell('l2', reason));
const counted = (): number[] => staleCells.map(({ count }) => count);

/** What goes on in the background has come to its end. */
const settled = (): Promise<unknown> => new Promise(setImmediate);

let system: CacheSystem;
let before: number[];
beforeEach(() => {
  system = new CacheSystem();
  before = counted();
});
/** How many reads were answered stale in this test: while asking again, and because of an error. */
const stales = (): number[] => counted().map((count, index) => count - (before[index] ?? 0));

describe('an entry that may be served while it is revalidated', () => {
  beforeEach(async () => {
    system.origin = () => answer('one', { swr_ms: 500 });
    await system.read();
    system.nowMs += 1_100;
  });

  it('an entry that may be served while it is revalidated is served at once, marked stale, and fetched once in the background, without a deadline', async () => {
    const waiting = system.hold();
    const deadlineMs = system.nowMs + 100;
    const served = await Promise.all(Array.from({ length: 20 }, () => system.read({ deadlineMs, token: 't' })));
    for (const one of served) {
      expect(one).toMatchObject({ etag: '"one-stale"', cache: 'stale', quality: 'stale', ttl_ms: 0 });
      expect(JSON.parse(one.body.toString())).toEqual({ meta: { quality: 'stale' }, v: 'one' });
    }
    await until(() => waiting.length === 1);
    expect(system.asked).toHaveLength(2);
    expect(system.asked[1]).toEqual({ requestId: 'request-1', traceparent: '', token: 't' });
    waiting[0]?.answer(answer('two'));
    await settled();
    expect(await system.read()).toMatchObject({ etag: '"two"', cache: 'l2-hit' });
    expect(stales()).toEqual([20, 0]);
  });

  it('an entry that may be served while it is revalidated is still served when the fetch fails, and not fetched by every read', async () => {
    system.origin = away;
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await system.read()).toMatchObject({ cache: 'stale' });
      await settled();
    }
    expect(system.asked).toHaveLength(2);
    expect(stales()).toEqual([5, 0]);
  });

  it('an entry that may be served while it is revalidated is not served to a reader that must see more than it shows', async () => {
    system.origin = () => answer('two');
    expect(await system.read({ readAfter: '0/9' })).toMatchObject({ etag: '"two"', cache: 'miss' });
  });

  it('an entry that may be served while it is revalidated is not served after a write has touched it', async () => {
    system.origin = () => answer('two');
    await system.announce('600519.SH', '0/5');
    expect(await system.read()).toMatchObject({ etag: '"two"', cache: 'miss' });
  });
});

describe('the last good answer', () => {
  beforeEach(async () => {
    await system.read();
    system.origin = away;
  });

  it.each(['unavailable', 'timeout'] as const)(
    'the last good answer is served, marked stale, when the owner fails with %s',
    async (code) => {
      system.origin = () => Promise.reject(new Failure(code, 'no'));
      system.nowMs += 1_000;
      const one = await system.read();
      expect(one).toMatchObject({ etag: '"one-stale"', cache: 'stale', quality: 'stale', ttl_ms: 0, built_at_ms: 1 });
      expect(JSON.parse(one.body.toString())).toMatchObject({ meta: { quality: 'stale' } });
      expect(stales()).toEqual([0, 1]);
    },
  );

  it('the last good answer is served after a write has invalidated it, too', async () => {
    await system.announce('600519.SH', '0/5');
    expect(await system.read()).toMatchObject({ cache: 'stale' });
  });

  it('the last good answer is served no longer after the write than it would have been after its expiry', async () => {
    system.nowMs += 1_000;
    system.origin = () => answer('for days', { ttl_ms: 86_400_000 });
    await system.read();
    system.origin = away;
    await system.announce('600519.SH', '0/5');
    system.nowMs += 9_999;
    expect(await system.read()).toMatchObject({ etag: '"for days-stale"', cache: 'stale' });
    system.nowMs += 1;
    await expect(system.read()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('the last good answer is served no longer because more writes follow the one that invalidated it', async () => {
    system.nowMs += 1_000;
    system.origin = () => answer('for days', { ttl_ms: 86_400_000 });
    await system.read();
    system.origin = away;
    for (let second = 0; second < 10; second += 1) {
      await system.announce('600519.SH', `0/${(second + 5).toString(16).toUpperCase()}`);
      system.nowMs += 1_000;
    }
    await expect(system.read()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('the last good answer is served until its grace ends, and then the read fails', async () => {
    system.nowMs += 10_999;
    expect(await system.read()).toMatchObject({ cache: 'stale' });
    system.nowMs += 1;
    await expect(system.read()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('the last good answer is not served when the owner refuses', async () => {
    system.nowMs += 1_000;
    system.origin = () => Promise.reject(new Failure('not_found', 'no such symbol'));
    await expect(system.read()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('the last good answer is not served to a reader that must see more than it shows', async () => {
    system.nowMs += 1_000;
    await expect(system.read({ readAfter: '0/9' })).rejects.toMatchObject({ code: 'unavailable' });
    await system.announce('000001.SZ', '0/9');
    await expect(system.read({ readAfter: '0/9' })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('the last good answer is not served after it was dropped, although the read began before', async () => {
    const waiting = system.hold();
    system.nowMs += 1_000;
    const reading = system.read();
    await until(() => waiting.length === 1);
    await system.first.drop({ tags: ['600519.SH'] });
    waiting[0]?.fail(new Failure('unavailable', 'the owner is away'));
    await expect(reading).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('the last good answer is served without a fetch for a second after a failure, then the owner is asked again', async () => {
    system.nowMs += 1_000;
    for (let turn = 0; turn < 5; turn += 1) await system.read();
    expect(system.asked).toHaveLength(2);
    system.origin = () => answer('two');
    system.nowMs += 1_000;
    expect(await system.read()).toMatchObject({ etag: '"two"', cache: 'miss' });
  });

  it('the last good answer is served without a fetch while the owner is silent', async () => {
    const owner = system.bus.beside('market-data');
    for (let turn = 0; turn < 8; turn += 1) await Promise.all([system.bus.passTime(250), owner.passTime(250)]);
    expect(system.bus.isSilent('market-data')).toBe(false);
    await system.bus.passTime(2_500);
    system.nowMs += 1_000;
    expect(await system.read()).toMatchObject({ cache: 'stale' });
    expect(system.asked).toHaveLength(1);
  });

  it('the last good answer is served before the deadline of the caller', async () => {
    system.nowMs += 1_000;
    await system.read({ deadlineMs: system.nowMs + 3_000 });
    expect(system.asked[1]?.deadlineMs).toBe(system.nowMs + 2_900);
  });
});
