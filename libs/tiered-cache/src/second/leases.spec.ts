import { describe, expect, it } from '@jest/globals';
import { Leases } from './leases.js';
import type { Lease } from './tier.js';

const clock = { now: () => 1_000 };
function leaseOf(leases: Leases, key: string): Lease {
  const claim = leases.claim(key, 60_000);
  if (claim.state !== 'leased') throw new Error(claim.state);
  return claim.lease;
}

/** The conformance suite tests everything else, through the tiers. */
describe('leases in one process', () => {
  it('leases in one process have fences that continue to rise after a restart', () => {
    const before = new Leases(clock);
    for (let n = 0; n < 500; n += 1) leaseOf(before, String(n));
    const last = leaseOf(before, 'last');
    const after = new Leases({ now: () => 1_001 });
    expect(leaseOf(after, 'first').fence).toBeGreaterThan(last.fence);
  });

  it('leases in one process refuse too much rather than too little when more tags were touched than can be remembered', () => {
    const leases = new Leases(clock);
    const early = leaseOf(leases, 'early');
    leases.invalidate(['first'], '0/5');
    const late = leaseOf(leases, 'late');
    leases.drop({ tags: Array.from({ length: 20_000 }, (_, n) => `tag-${String(n)}`) });
    expect(leases.allows(early, ['first'], '0/5')).toBe(false);
    expect(leases.allows(early, ['never touched'], '0/5')).toBe(false);
    expect(leases.allows(late, ['never touched'], undefined)).toBe(true);
    expect(leases.allows(late, ['tag-7'], '0/5')).toBe(false);
  });

  it('leases in one process are lost when there are more than can be remembered', () => {
    const leases = new Leases(clock);
    const first = leaseOf(leases, 'first');
    for (let n = 0; n < 20_000; n += 1) leaseOf(leases, String(n));
    expect(leases.end(first)).toBe(false);
  });
});
