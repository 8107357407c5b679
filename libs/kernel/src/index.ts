export { type Clock, systemClock } from './clock.js';
export { remainingMs } from './deadline.js';
export { compareLsn, laterLsn, type Lsn } from './lsn.js';
export { mapBounded } from './map-bounded.js';
export { SingleFlight } from './single-flight.js';
