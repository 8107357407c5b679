/** Every contract file with calls or events: one line for each. The catalogue reads this list. */
export * from './accesses.contract.js';
export * from './auth.contract.js';
export * from './bars.contract.js';
export * from './cache.contract.js';
export * from './calendar.contract.js';
export * from './factors.contract.js';
export * from './instruments.contract.js';
export * from './pools.contract.js';
export * from './positions.contract.js';
export * from './publisher.contract.js';
export * from './quotes.contract.js';
export * from './uploads.contract.js';
export * from './warm-up.contract.js';
