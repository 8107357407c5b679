import { timeseriesStores } from '../../test/timeseries-stores.js';
import { itServesBars } from './bars.conformance.js';
import { itMakesBins } from './session-bin.conformance.js';

for (const store of timeseriesStores) {
  itServesBars(store);
  itMakesBins(store);
}
