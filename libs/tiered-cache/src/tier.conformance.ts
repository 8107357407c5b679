import { describe } from '@jest/globals';
import { itActsLikeItsModel } from './tier-model.conformance.js';
import { itBindsWritesToLeases } from './tier-leases.conformance.js';
import { itIsSharedByOpenings } from './tier-openings.conformance.js';
import type { TierUnderTest } from './tier-samples.conformance.js';
import { itSurvivesAStall } from './tier-stall.conformance.js';
import { itKeepsValues } from './tier-values.conformance.js';

export { keptWith, type Stall, type TierUnderTest } from './tier-samples.conformance.js';

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
