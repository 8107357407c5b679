/** Every contract file with calls or events: one line for each. The catalogue reads this list. */
export * from './cache/accesses.contract.js';
export * from './auth.contract.js';
export * from './market-data/bars.contract.js';
export * from './cache/cache.contract.js';
export * from './market-data/calendar.contract.js';
export * from './market-data/factors.contract.js';
export * from './market-data/instruments.contract.js';
export * from './pools.contract.js';
export * from './market-data/positions.contract.js';
export * from './publisher.contract.js';
export * from './market-data/quotes.contract.js';
export * from './market-data/uploads.contract.js';
export * from './cache/warm-up.contract.js';
