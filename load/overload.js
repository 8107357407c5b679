// Reads that must reach a database whose pool is the bottleneck, as many as RATE says.
import { askFrom, optionsFor, summaryOf } from './k6.js';

export const options = optionsFor({
  refused_without_retry_after: ['count==0'],
  status_500: ['count==0'],
});
export const handleSummary = summaryOf('overload');
export default askFrom('overload');
