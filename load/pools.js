// 1,000 callers at once, through every service and every database pool.
import { askFrom, optionsFor, summaryOf } from './k6.js';

export const options = optionsFor({
  refused_without_retry_after: ['count==0'],
  status_500: ['count==0'],
  // In a closed loop it is callers / throughput: about 1.5 s on two quiet cores. Here it only shows that nothing hangs.
  accepted_ms: ['p(99)<5000'],
});
export const handleSummary = summaryOf('pools');
export default askFrom('pools');
