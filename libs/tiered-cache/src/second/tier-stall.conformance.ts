import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withoutWaiting } from '@mystocks/testing';
import { setTimeout as pause } from 'node:timers/promises';
import { aKey, aTag, keep, keptWith, leaseOf, stateOf, until, type TierUnderTest } from './tier-samples.conformance.js';
import type { Tier } from './tier.js';

const STALL_MS = 10_000;
const LOOK_EVERY_MS = 100;

/** A store that hangs costs one deadline; from then on nothing waits for it, and it heals by itself. */
export function itSurvivesAStall({ open, stall }: TierUnderTest): void {
  if (stall === undefined) return;
  describe('while its store hangs for ten seconds', () => {
    let tier: Tier;
    beforeAll(async () => {
      tier = await open();
    });
    afterAll(() => tier.close());

    it('answers without I/O, sends nothing, recovers, and serves nothing that was dropped meanwhile', async () => {
      const [tag, other] = [aTag(), aTag()];
      const [dropped, invalidated, under, untold] = [aKey(), aKey(), aKey(), aKey()];
      await keep(tier, dropped, keptWith({ tags: [tag] }));
      await keep(tier, invalidated, keptWith({ tags: [other] }));
      const [lease, later] = [await leaseOf(tier, under), await leaseOf(tier, untold)];
      const hanging = stall();
      try {
        // The first ones pay the deadline. What they sent may still be done when the store goes on.
        expect(await tier.set(keptWith({ tags: [tag] }), lease)).toBe(false);
        expect(tier.serving).toBe(false);
        const sentBefore = hanging.sent();
        await expectNoWaiting(tier.drop({ tags: [tag] }), 0);
        await expectNoWaiting(tier.invalidate([other], '0/1'), undefined);
        const endsAtMs = Date.now() + STALL_MS;
        while (Date.now() < endsAtMs) {
          await expectNoWaiting(tier.get(dropped), { hit: false });
          await expectNoWaiting(tier.getMany([dropped, invalidated]), [{ hit: false }, { hit: false }]);
          await expectNoWaiting(tier.claim(aKey(), 60_000), { state: 'none' });
          await expectNoWaiting(tier.renew(later, 60_000), false);
          await expectNoWaiting(tier.set(keptWith({}), later), false);
          await expectNoWaiting(tier.release(later), undefined);
          await pause(LOOK_EVERY_MS);
        }
        expect(hanging.sent()).toBe(sentBefore);
        await expect(tier.probe()).rejects.toThrow();
      } finally {
        hanging.end();
      }
      await until(() => tier.serving);
      expect(await stateOf(tier, dropped)).toBe('absent');
      expect(await stateOf(tier, under)).toBe('absent');
      expect(await stateOf(tier, invalidated)).not.toBe('kept');
      expect(await keep(tier, dropped, keptWith({ tags: [tag] }))).toBe(true);
      expect(await stateOf(tier, dropped)).toBe('kept');
      await tier.probe();
    });
  });
}

async function expectNoWaiting<T>(work: Promise<T>, outcome: T): Promise<void> {
  expect(await withoutWaiting(work)).toEqual(outcome);
}
