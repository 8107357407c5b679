import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { MISS } from '../entry.js';
import { aKey, aTag, keep, keptWith, leaseOf, stateOf, until } from './tier-samples.conformance.js';
import type { Tier } from './tier.js';

/** A stored entry is returned unchanged, as long as it may be used. */
export function itKeepsValues(open: () => Promise<Tier>): void {
  describe('storing values', () => {
    let tier: Tier;
    beforeAll(async () => {
      tier = await open();
    });
    afterAll(() => tier.close());

    it('misses a key that was never stored', async () => {
      expect(await tier.get(aKey())).toEqual(MISS);
      expect(await tier.getMany([])).toEqual([]);
    });

    it.each(['null', '0', '""', 'false', ''])('returns the body %j as an answer', async (text) => {
      const [key, kept] = [aKey(), keptWith({ body: Buffer.from(text) })];
      expect(await keep(tier, key, kept)).toBe(true);
      expect(await tier.get(key)).toEqual({ hit: true, entry: kept, invalidated: false });
    });

    it.each([
      ['a body of one byte', Buffer.from([0])],
      ['a body that is no text', Buffer.from([0xff, 0xfe, 0, 10, 13])],
      ['a body of 1 MB', randomBytes(1_000_000)],
    ])('returns %s byte for byte', async (_what, body) => {
      const key = aKey();
      expect(await keep(tier, key, keptWith({ body }))).toBe(true);
      const found = await tier.get(key);
      expect(found.hit && found.entry.answer.body.equals(body)).toBe(true);
    });

    it('returns every field of an answer', async () => {
      const about = {
        etag: '"中"',
        tags: [aTag(), 'quote:600519.SH'],
        quality: 'eod',
        quality_at: 0,
        immutable: true,
      } as const;
      const answer = { ...about, tags: [...about.tags], swr_ms: 10_000, as_of: '2024-06-14T15:00:00+08:00' };
      const [key, kept] = [aKey(), keptWith(answer, { position: '16/B374D848' })];
      await keep(tier, key, kept);
      expect(await tier.get(key)).toEqual({ hit: true, entry: kept, invalidated: false });
    });

    it('stores the later of two entries under its own tags', async () => {
      const [key, tag] = [aKey(), aTag()];
      await keep(tier, key, keptWith({ etag: '"1"', tags: [tag] }));
      await keep(tier, key, keptWith({ etag: '"2"' }));
      await tier.invalidate([tag], '0/1');
      expect(await tier.drop({ tags: [tag] })).toBe(0);
      expect(await tier.get(key)).toMatchObject({ invalidated: false, entry: { answer: { etag: '"2"', tags: [] } } });
    });

    it('returns an entry that is no longer fresh until its grace ends', async () => {
      const key = aKey();
      const endsAtMs = Date.now() + 1_000;
      await keep(tier, key, keptWith({ tags: [aTag()] }, { expiresAtMs: Date.now() - 1, graceUntilMs: endsAtMs }));
      const state = await stateOf(tier, key);
      if (Date.now() < endsAtMs) expect(state).toBe('kept');
      await until(async () => (await stateOf(tier, key)) === 'absent');
      expect(Date.now()).toBeGreaterThanOrEqual(endsAtMs);
    });

    it('does not store an entry that is past its grace', async () => {
      const key = aKey();
      expect(await keep(tier, key, keptWith({}, { graceUntilMs: Date.now() - 1 }))).toBe(false);
      expect(await tier.get(key)).toEqual(MISS);
      expect(await keep(tier, key, keptWith({}))).toBe(true);
    });

    it('stores many entries at once, and says of each whether it is stored', async () => {
      const [even, odd] = [aTag(), aTag()];
      const tagOf = (n: number): string => (n % 2 === 0 ? even : odd);
      const entries = await Promise.all(
        Array.from({ length: 150 }, async (_, n) => ({
          entry: keptWith(
            { etag: `"${n}"`, body: randomBytes(400), tags: [tagOf(n)] },
            n === 70 ? { graceUntilMs: Date.now() - 1 } : {},
          ),
          lease: await leaseOf(tier, aKey()),
        })),
      );
      const keys = entries.map(({ lease }) => lease.key);
      await tier.release(entries[90]!.lease);
      const isGood = (n: number): boolean => n !== 70 && n !== 90;
      expect(await tier.setMany(entries)).toEqual(entries.map((_, n) => isGood(n)));
      const expected = entries.map(({ entry }, n) => (isGood(n) ? { hit: true, entry, invalidated: false } : MISS));
      expect(await tier.getMany(keys)).toEqual(expected);
      expect(await tier.drop({ tags: [odd] })).toBe(75);
      const left = await tier.getMany([...keys].reverse());
      expect(left.reverse().map(({ hit }) => hit)).toEqual(entries.map((_, n) => isGood(n) && n % 2 === 0));
      expect(await tier.setMany([])).toEqual([]);
    });

    it('drops only the named keys and tags, and counts each entry once', async () => {
      const [tag, other] = [aTag(), aTag()];
      const [one, two, three, four] = [aKey(), aKey(), aKey(), aKey()];
      await keep(tier, one, keptWith({ tags: [tag, other] }));
      await keep(tier, two, keptWith({ tags: [tag] }));
      await keep(tier, three, keptWith({ tags: [other] }));
      await keep(tier, four, keptWith({}));
      expect(await tier.drop({ keys: [two, four, aKey()], tags: [tag, aTag()] })).toBe(3);
      expect((await tier.getMany([one, two, three, four])).map(({ hit }) => hit)).toEqual([false, false, true, false]);
      expect(await tier.drop({})).toBe(0);
      expect(await stateOf(tier, three)).toBe('kept');
    });

    it('marks the entries that a write has invalidated, and holds them for their grace', async () => {
      const [tag, other] = [aTag(), aTag()];
      const [touched, shown, untouched] = [aKey(), aKey(), aKey()];
      await keep(tier, touched, keptWith({ tags: [tag] }, { position: '0/5' }));
      await keep(tier, shown, keptWith({ tags: [tag] }, { position: '1/0' }));
      await keep(tier, untouched, keptWith({ tags: [other] }));
      await tier.invalidate([tag, aTag()], '0/F000');
      expect(await stateOf(tier, touched)).toBe('invalidated');
      expect(await stateOf(tier, shown)).toBe('kept');
      expect(await stateOf(tier, untouched)).toBe('kept');
      await keep(tier, touched, keptWith({ tags: [tag] }, { position: '0/F000' }));
      expect(await stateOf(tier, touched)).toBe('kept');
      await tier.invalidate([], '9/0');
      expect(await stateOf(tier, shown)).toBe('kept');
    });

    it('invalidates and drops thousands of entries of one tag', async () => {
      const tag = aTag();
      const keys = Array.from({ length: 5_000 }, () => aKey());
      for (let from = 0; from < keys.length; from += 500) {
        const some = keys.slice(from, from + 500);
        const leases = await Promise.all(some.map((key) => leaseOf(tier, key)));
        const outcomes = await tier.setMany(leases.map((lease) => ({ lease, entry: keptWith({ tags: [tag] }) })));
        expect(outcomes).toEqual(some.map(() => true));
      }
      await tier.invalidate([tag], '0/1');
      expect((await tier.getMany(keys)).every((found) => found.hit && found.invalidated)).toBe(true);
      expect(await tier.drop({ tags: [tag] })).toBe(5_000);
      expect((await tier.getMany(keys)).some(({ hit }) => hit)).toBe(false);
    });

    it('drops everything', async () => {
      const key = aKey();
      await keep(tier, key, keptWith({}));
      await tier.clear();
      expect(await tier.get(key)).toEqual(MISS);
      expect(await keep(tier, key, keptWith({}))).toBe(true);
      expect(await stateOf(tier, key)).toBe('kept');
    });
  });
}
