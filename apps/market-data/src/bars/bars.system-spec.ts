import { jest } from '@jest/globals';
import { timeseriesStores } from '../../test/timeseries-stores.js';
import { itAdjusts } from './adjustment.conformance.js';
import { itServesBars } from './bars.conformance.js';
import { itReadsFrames } from './frames.conformance.js';
import { itKeepsSuspendedDays } from './suspended-days.conformance.js';
import { itJoinsTheOpeningAuction } from './opening-auction.conformance.js';
import { itMakesDays } from './made-days.conformance.js';
import { itReadsNewestBars } from './newest-bars.conformance.js';
import { itMakesBins } from './session-bin.conformance.js';

// A limit for what hangs: a busy machine takes minutes to read every line of a file back.
jest.setTimeout(240_000);

for (const store of timeseriesStores) {
  itServesBars(store);
  itAdjusts(store);
  itMakesBins(store);
  itMakesDays(store);
  itJoinsTheOpeningAuction(store);
  itKeepsSuspendedDays(store);
  itReadsFrames(store);
  itReadsNewestBars(store);
}
