import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { aKey, aTag, keep, keptWith, leaseOf, stateOf, until } from './tier-samples.conformance.js';
import type { Lease, Tier } from './tier.js';

/** One caller may fetch at a time, and an answer that was overtaken meanwhile is not stored. */
export function itBindsWritesToLeases(open: () => Promise<Tier>): void {
  describe('leases', () => {
    let tier: Tier;
    beforeAll(async () => {
      tier = await open();
    });
    afterAll(() => tier.close());

    it('leases are given to one of many callers at once; the others learn for how long', async () => {
      const key = aKey();
      const claims = await Promise.all(Array.from({ length: 100 }, () => tier.claim(key, 30_000)));
      expect(claims.filter(({ state }) => state === 'leased')).toHaveLength(1);
      const waits = claims.flatMap((claim) => (claim.state === 'held' ? [claim.forMs] : []));
      expect(waits).toHaveLength(99);
      for (const forMs of waits) {
        expect(forMs).toBeGreaterThan(0);
        expect(forMs).toBeLessThanOrEqual(30_000);
      }
    });

    it('leases have rising fences', async () => {
      const fences = [];
      for (let n = 0; n < 20; n += 1) fences.push((await leaseOf(tier, aKey())).fence);
      expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    });

    it('leases last longer when renewed', async () => {
      const key = aKey();
      const lease = await leaseOf(tier, key, 5_000);
      expect(await tier.renew(lease, 30_000)).toBe(true);
      const claim = await tier.claim(key, 5_000);
      expect(claim.state === 'held' && claim.forMs).toBeGreaterThan(20_000);
      expect(await tier.set(keptWith({}), lease)).toBe(true);
    });

    it('leases can be released, and end when an entry is stored', async () => {
      const key = aKey();
      const first = await leaseOf(tier, key);
      await tier.release(first);
      const second = await leaseOf(tier, key);
      expect(second.fence).toBeGreaterThan(first.fence);
      await tier.set(keptWith({}), second);
      const third = await leaseOf(tier, key);
      for (const gone of [first, second]) {
        await tier.release(gone);
        expect(await tier.renew(gone, 60_000)).toBe(false);
        expect(await tier.set(keptWith({ etag: '"late"' }), gone)).toBe(false);
      }
      expect((await tier.claim(key, 1_000)).state).toBe('held');
      expect(await tier.set(keptWith({ etag: '"third"' }), third)).toBe(true);
    });

    it('expire: another caller may claim then, and the late holder changes nothing', async () => {
      const key = aKey();
      await keep(tier, key, keptWith({ etag: '"before"' }));
      const late = await leaseOf(tier, key, 40);
      let next: Lease | undefined;
      await until(async () => {
        const claim = await tier.claim(key, 60_000);
        if (claim.state === 'leased') next = claim.lease;
        return next !== undefined;
      });
      expect(next!.fence).toBeGreaterThan(late.fence);
      expect(await tier.set(keptWith({ etag: '"late"' }), late)).toBe(false);
      expect(await tier.renew(late, 60_000)).toBe(false);
      await tier.release(late);
      expect(await tier.get(key)).toMatchObject({ entry: { answer: { etag: '"before"' } } });
      expect(await tier.set(keptWith({ etag: '"next"' }), next!)).toBe(true);
      expect(await tier.get(key)).toMatchObject({ entry: { answer: { etag: '"next"' } } });
    });

    it('expire even when no other caller claims them', async () => {
      const lease = await leaseOf(tier, aKey(), 20);
      await pause(60);
      expect(await tier.renew(lease, 60_000)).toBe(false);
      expect(await tier.set(keptWith({}), lease)).toBe(false);
      expect(await stateOf(tier, lease.key)).toBe('absent');
    });

    it('leases store only answers that surely show a write which has overtaken them', async () => {
      const [tag, old, good] = [aTag(), aKey(), aKey()];
      const [oldLease, goodLease] = [await leaseOf(tier, old), await leaseOf(tier, good)];
      await tier.invalidate([tag], '0/A0');
      expect(await tier.set(keptWith({ tags: [aTag(), tag] }, { position: '0/9F' }), oldLease)).toBe(false);
      expect(await stateOf(tier, old)).toBe('absent');
      expect(await tier.set(keptWith({ tags: [tag] }, { position: '0/A0' }), goodLease)).toBe(true);
      expect(await keep(tier, old, keptWith({ tags: [tag] }))).toBe(true);
    });

    it('leases store only answers that show the latest of several writes which have overtaken them, in whatever order the events arrived', async () => {
      const [tag, key] = [aTag(), aKey()];
      const lease = await leaseOf(tier, key);
      for (const lsn of ['9/0', '10/0', '9/1']) await tier.invalidate([tag], lsn);
      expect(await tier.set(keptWith({ tags: [tag] }, { position: '9/F' }), lease)).toBe(false);
      expect(await stateOf(tier, key)).toBe('absent');
    });

    it('leases store nothing with a tag whose drop has overtaken them, whatever writes came before and after', async () => {
      const [tag, key] = [aTag(), aKey()];
      const [lease, other] = [await leaseOf(tier, key), await leaseOf(tier, aKey())];
      const between = await leaseOf(tier, aKey());
      await tier.invalidate([tag], '0/1');
      await tier.drop({ tags: [tag] });
      expect(await tier.set(keptWith({ tags: [tag] }, { position: '9/0' }), between)).toBe(false);
      await tier.invalidate([tag], '0/2');
      expect(await tier.set(keptWith({ tags: [tag] }, { position: '9/0' }), lease)).toBe(false);
      expect(await stateOf(tier, key)).toBe('absent');
      expect(await tier.set(keptWith({ tags: [aTag()] }), other)).toBe(true);
      expect(await keep(tier, key, keptWith({ tags: [tag] }))).toBe(true);
    });

    it('leases end when their key is dropped', async () => {
      const key = aKey();
      const lease = await leaseOf(tier, key);
      await tier.drop({ keys: [key] });
      const next = await leaseOf(tier, key);
      expect(await tier.set(keptWith({}), lease)).toBe(false);
      expect(await stateOf(tier, key)).toBe('absent');
      expect(await tier.set(keptWith({}), next)).toBe(true);
    });

    it('leases end when everything is dropped', async () => {
      const key = aKey();
      const lease = await leaseOf(tier, key);
      await tier.clear();
      expect(await tier.set(keptWith({}), lease)).toBe(false);
      expect(await stateOf(tier, key)).toBe('absent');
      expect(await keep(tier, key, keptWith({}))).toBe(true);
    });

    it('leases end with a refused answer, too', async () => {
      const [tag, key] = [aTag(), aKey()];
      const lease = await leaseOf(tier, key);
      await tier.drop({ tags: [tag] });
      expect(await tier.set(keptWith({ tags: [tag] }), lease)).toBe(false);
      expect((await tier.claim(key, 1_000)).state).toBe('leased');
    });

    it('leases do not let an older answer replace a fresh entry that shows later writes', async () => {
      const [tag, key] = [aTag(), aKey()];
      const asked = (after: string | undefined, more = {}): Promise<boolean> =>
        keep(tier, key, keptWith({ etag: `"${String(after)}"`, tags: [tag] }, { position: after, ...more }));
      expect(await asked('10/0')).toBe(true);
      expect(await asked('9/FFFFFFFF')).toBe(false);
      expect(await asked(undefined)).toBe(false);
      expect(await tier.get(key)).toMatchObject({ hit: true, invalidated: false, entry: { position: '10/0' } });
      expect(await asked('10/0')).toBe(true);
      expect(await asked('10/1', { expiresAtMs: Date.now() - 1 })).toBe(true);
      expect(await asked('10/0')).toBe(true);
      await tier.invalidate([tag], '11/0');
      expect(await asked('9/0')).toBe(true);
    });
  });
}
