export { AdaptiveLimit, type Begun, type WorkOutcome } from './adaptive-limit.js';
export { type Clock, systemClock } from './clock.js';
export { DeadBuffers } from './dead-buffers.js';
export { remainingMs } from './deadline.js';
export { eachAdaptive } from './each-adaptive.js';
export { compareLsn, laterLsn, type Lsn } from './lsn.js';
export { mapBounded } from './map-bounded.js';
export { SingleFlight } from './single-flight.js';
