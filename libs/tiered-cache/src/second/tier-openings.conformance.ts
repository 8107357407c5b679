import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey, aTag, keep, keptWith, leaseOf, stateOf, type TierUnderTest } from './tier-samples.conformance.js';
import type { Tier } from './tier.js';

/** Several instances of a service open one store. */
export function itIsSharedByOpenings(underTest: TierUnderTest): void {
  describe('two tiers on one store', () => {
    let here: Tier;
    let there: Tier;
    beforeAll(async () => {
      here = await underTest.open();
      there = await underTest.openSecond();
    });
    afterAll(async () => {
      await here.close();
      await there.close();
    });

    it('two tiers on one store share what is stored, invalidated and dropped', async () => {
      const [tag, key, other] = [aTag(), aKey(), aKey()];
      await keep(here, key, keptWith({ tags: [tag] }));
      await keep(there, other, keptWith({ tags: [tag] }));
      expect([await stateOf(there, key), await stateOf(here, other)]).toEqual(['kept', 'kept']);
      await here.invalidate([tag], '0/1');
      expect([await stateOf(there, key), await stateOf(here, other)]).toEqual(['invalidated', 'invalidated']);
      expect(await there.drop({ keys: [key] })).toBe(1);
      expect(await stateOf(here, key)).toBe('absent');
      expect(await here.drop({ tags: [tag] })).toBe(1);
      expect(await stateOf(there, other)).toBe('absent');
      await keep(here, key, keptWith({}));
      await there.clear();
      expect(await stateOf(here, key)).toBe('absent');
    });

    if (underTest.leases === 'of-one-opening') {
      it('two tiers on one store do not share leases: each lets one of its own readers fetch', async () => {
        const key = aKey();
        await leaseOf(here, key);
        await leaseOf(there, key);
        expect((await here.claim(key, 1_000)).state).toBe('held');
        expect((await there.claim(key, 1_000)).state).toBe('held');
      });
      return;
    }

    it('two tiers on one store share leases: one of all their readers fetches', async () => {
      const key = aKey();
      const claims = await Promise.all(Array.from({ length: 100 }, (_, n) => [here, there][n % 2]!.claim(key, 30_000)));
      expect(claims.filter(({ state }) => state === 'leased')).toHaveLength(1);
      expect(claims.filter(({ state }) => state === 'held')).toHaveLength(99);
    });

    it('two tiers on one store share the end of leases, and the writes and drops that overtake them', async () => {
      const [tag, key] = [aTag(), aKey()];
      const dropped = await leaseOf(here, key);
      await there.drop({ keys: [key] });
      expect(await here.set(keptWith({}), dropped)).toBe(false);
      const overtaken = await leaseOf(here, key);
      await there.invalidate([tag], '0/5');
      expect(await here.set(keptWith({ tags: [tag] }), overtaken)).toBe(false);
      const cleared = await leaseOf(here, key);
      await there.clear();
      expect(await here.set(keptWith({}), cleared)).toBe(false);
      await here.release(await leaseOf(here, key));
      const lease = await leaseOf(there, key);
      expect(lease.fence).toBeGreaterThan(cleared.fence);
      expect(await there.set(keptWith({ tags: [tag] }), lease)).toBe(true);
      expect(await stateOf(here, key)).toBe('kept');
    });
  });
}
