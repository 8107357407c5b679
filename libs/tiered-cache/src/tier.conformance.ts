import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer } from '@mystocks/contracts';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { MISS, type Kept } from './kept.js';
import type { Tier } from './tier.js';

/** An entry that is good for a minute. */
export function keptWith(answer: Partial<Answer>): Kept {
  return {
    answer: { body: Buffer.from('{}'), etag: '"e"', tags: [], ttl_ms: 60_000, built_at_ms: 1, ...answer },
    expiresAtMs: Date.now() + 60_000,
    after: undefined,
  };
}

/** Waits for `condition`; fails after five seconds. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpMs = Date.now() + 5_000;
  while (!(await condition())) {
    if (Date.now() > giveUpMs) throw new Error('did not happen within 5 s');
    await pause(5);
  }
}

/** What every tier promises. */
export function itIsATier(name: string, open: () => Promise<Tier>): void {
  describe(`${name} is a tier`, () => {
    let tier: Tier;
    beforeAll(async () => {
      tier = await open();
    });
    afterAll(() => tier.close());

    it('does not know what was never kept', async () => {
      expect(await tier.get('nothing')).toEqual(MISS);
    });

    it.each([
      ['an empty body', Buffer.alloc(0)],
      ['a body of one byte', Buffer.from([0])],
      ['a body that is no text', Buffer.from([0xff, 0xfe, 0, 10, 13])],
      ['a body of 1 MB', randomBytes(1_000_000)],
    ])('gives back %s byte for byte', async (_what, body) => {
      await tier.set('bytes', keptWith({ body }));
      const found = await tier.get('bytes');
      expect(found.hit && found.kept.answer.body.equals(body)).toBe(true);
    });

    it('gives back everything that is known about an answer', async () => {
      const kept: Kept = {
        ...keptWith({
          etag: '"中"',
          tags: ['600519.SH'],
          quality: 'eod',
          as_of: '2024-06-14T15:00:00+08:00',
          immutable: true,
        }),
        after: '16/B374D848',
      };
      await tier.set('about', kept);
      expect(await tier.get('about')).toEqual({ hit: true, kept });
    });

    it('keeps the newer of two', async () => {
      await tier.set('twice', keptWith({ etag: '"1"' }));
      await tier.set('twice', keptWith({ etag: '"2"' }));
      const found = await tier.get('twice');
      expect(found.hit && found.kept.answer.etag).toBe('"2"');
    });

    it('forgets at the moment an entry expires', async () => {
      await tier.set('short', { ...keptWith({ tags: ['600519.SH'] }), expiresAtMs: Date.now() + 60 });
      await until(async () => !(await tier.get('short')).hit);
      await tier.set('past', { ...keptWith({}), expiresAtMs: Date.now() - 1 });
      expect(await tier.get('past')).toEqual(MISS);
    });

    it('keeps many at once and says of each whether it is kept', async () => {
      const entries = Array.from({ length: 150 }, (_, n) => ({
        key: `together-${n}`,
        kept: keptWith({ etag: `"${n}"`, body: randomBytes(400), tags: [n % 2 === 0 ? 'even' : 'odd'] }),
      }));
      const past = { key: 'together-past', kept: { ...keptWith({}), expiresAtMs: Date.now() - 1 } };
      const outcomes = await tier.setMany([...entries.slice(0, 70), past, ...entries.slice(70)]);
      expect(outcomes).toEqual(Array.from({ length: 151 }, (_, n) => n !== 70));
      for (const { key, kept } of entries) expect(await tier.get(key)).toEqual({ hit: true, kept });
      expect(await tier.get('together-past')).toEqual(MISS);
      await tier.deleteTags(['odd']);
      for (const [n, { key }] of entries.entries()) expect((await tier.get(key)).hit).toBe(n % 2 === 0);
      expect(await tier.setMany([])).toEqual([]);
    });

    it('drops by tag, and only by tag', async () => {
      await tier.set('one', keptWith({ tags: ['600519.SH', 'instruments'] }));
      await tier.set('two', keptWith({ tags: ['000001.SZ'] }));
      await tier.set('three', keptWith({ tags: [] }));
      await tier.deleteTags(['instruments', 'never used']);
      expect((await tier.get('one')).hit).toBe(false);
      expect((await tier.get('two')).hit).toBe(true);
      expect((await tier.get('three')).hit).toBe(true);
      await tier.deleteTags([]);
      expect((await tier.get('two')).hit).toBe(true);
    });

    it('drops thousands of entries of one tag', async () => {
      const keys = Array.from({ length: 2_500 }, (_, index) => `many-${index}`);
      for (const key of keys) await tier.set(key, keptWith({ tags: ['many'] }));
      await tier.deleteTags(['many']);
      const found = await Promise.all(keys.map((key) => tier.get(key)));
      expect(found.filter(({ hit }) => hit)).toHaveLength(0);
    });

    it('drops everything', async () => {
      await tier.set('one', keptWith({}));
      await tier.clear();
      expect(await tier.get('one')).toEqual(MISS);
      await tier.set('one', keptWith({}));
      expect((await tier.get('one')).hit).toBe(true);
    });
  });
}
