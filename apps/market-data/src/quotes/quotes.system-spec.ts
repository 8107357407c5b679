import { timeseriesStores } from '../../test/timeseries-stores.js';
import { itKeepsQuotes } from './quotes.conformance.js';
import { itOrdersQuotes } from './quotes-order.conformance.js';
import { itShowsTheNewestDays } from './snapshot-days.conformance.js';

for (const store of timeseriesStores) {
  itKeepsQuotes(store);
  itOrdersQuotes(store);
  itShowsTheNewestDays(store);
}
