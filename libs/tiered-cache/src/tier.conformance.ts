import { describe } from '@jest/globals';
import { itActsLikeItsModel } from './second/tier-model.conformance.js';
import { itBindsWritesToLeases } from './second/tier-leases.conformance.js';
import { itIsSharedByOpenings } from './second/tier-openings.conformance.js';
import type { TierUnderTest } from './second/tier-samples.conformance.js';
import { itSurvivesAStall } from './second/tier-stall.conformance.js';
import { itKeepsValues } from './second/tier-values.conformance.js';

export { keptWith, type Stall, type TierUnderTest } from './second/tier-samples.conformance.js';

/** What every tier promises. */
export function itIsATier(name: string, underTest: TierUnderTest): void {
  describe(`${name} is a tier`, () => {
    itKeepsValues(() => underTest.open());
    itBindsWritesToLeases(() => underTest.open());
    itIsSharedByOpenings(underTest);
    itActsLikeItsModel(() => underTest.open());
    itSurvivesAStall(underTest);
  });
}
