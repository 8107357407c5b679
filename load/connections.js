// Many users with a connection each, who read what everybody reads.
import { askFrom, optionsFor, summaryOf } from './k6.js';

export const options = optionsFor({ status_500: ['count==0'] });
export const handleSummary = summaryOf('connections');
export default askFrom('connections');
