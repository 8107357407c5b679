import { MarketData1764000000000 } from './1764000000000-market-data.js';
import { Idempotency1764100000000 } from './1764100000000-idempotency.js';
import { Uploads1764200000000 } from './1764200000000-uploads.js';
import { LoadBlocks1764300000000 } from './1764300000000-load-blocks.js';
import { TradingDays1764400000000 } from './1764400000000-trading-days.js';
import { Factors1764500000000 } from './1764500000000-factors.js';
import { Quotes1764700000000 } from './1764700000000-quotes.js';
import { Instruments1764600000000 } from './1764600000000-instruments.js';
import { WithheldLines1764800000000 } from './1764800000000-withheld-lines.js';

/** In the order they are applied. */
export const migrations = [
  MarketData1764000000000,
  Idempotency1764100000000,
  Uploads1764200000000,
  LoadBlocks1764300000000,
  TradingDays1764400000000,
  Factors1764500000000,
  Quotes1764700000000,
  Instruments1764600000000,
  WithheldLines1764800000000,
];
