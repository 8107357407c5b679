import { timeseriesStores } from '../../test/timeseries-stores.js';
import { itRemovesInstruments } from './removal.conformance.js';

for (const store of timeseriesStores) itRemovesInstruments(store);
