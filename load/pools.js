// 1,000 callers at once, through every service and every database pool.
import { askFrom, optionsFor, summaryOf } from './k6.js';

export const options = optionsFor({
  refused_without_retry_after: ['count==0'],
  status_500: ['count==0'],
  accepted_ms: ['p(99)<2500'],
});
export const handleSummary = summaryOf('pools');
export default askFrom('pools');
