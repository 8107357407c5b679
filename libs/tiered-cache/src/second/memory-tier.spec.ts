import { describe, expect, it } from '@jest/globals';
import { ENTRY_BYTES_MAX } from '../entry.js';
import { MemoryTier } from './memory-tier.js';
import { aKey, aTag, keep, keptWith, leaseOf, stateOf } from './tier-samples.conformance.js';
import { itIsATier } from '../tier.conformance.js';

const shared = new MemoryTier();
itIsATier('MemoryTier', {
  open: () => Promise.resolve(shared),
  openSecond: () => Promise.resolve(shared),
  leases: 'shared',
});

describe('MemoryTier', () => {
  it('expires entries by the clock that it is given', async () => {
    let nowMs = 5_000;
    const tier = new MemoryTier({ now: () => nowMs });
    const [key, lost] = [aKey(), aKey()];
    const lease = await leaseOf(tier, lost, 2_000);
    await keep(tier, key, keptWith({}, { expiresAtMs: 6_000, graceUntilMs: 7_000 }));
    nowMs = 6_999;
    expect(await stateOf(tier, key)).toBe('kept');
    expect(await tier.claim(lost, 1)).toEqual({ state: 'held', forMs: 1 });
    nowMs = 7_000;
    expect(await stateOf(tier, key)).toBe('absent');
    expect(await tier.set(keptWith({}), lease)).toBe(false);
  });

  it('stores no entry over the byte limit', async () => {
    const [tier, tag] = [new MemoryTier(), aTag()];
    const bodyOf = (bytes: number): Promise<boolean> =>
      keep(tier, aKey(), keptWith({ body: Buffer.alloc(bytes), tags: [tag] }));
    expect(await bodyOf(ENTRY_BYTES_MAX + 1)).toBe(false);
    expect(await bodyOf(ENTRY_BYTES_MAX)).toBe(true);
    expect(await tier.drop({ tags: [tag] })).toBe(1);
  });

  it('evicts the entry that was not read for longest when it is full', async () => {
    const [tier, tag] = [new MemoryTier(), aTag()];
    const keys = Array.from({ length: 10_001 }, aKey);
    for (const key of keys) {
      await keep(tier, key, keptWith({ tags: [tag] }));
      await tier.get(keys[0]!);
    }
    expect(await stateOf(tier, keys[0]!)).toBe('kept');
    expect(await stateOf(tier, keys[1]!)).toBe('absent');
    expect(await tier.drop({ tags: [tag] })).toBe(10_000);
  });
});
