import { MarketData1764000000000 } from './1764000000000-market-data.js';

/** In the order they are applied. */
export const migrations = [MarketData1764000000000];
