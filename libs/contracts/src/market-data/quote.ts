import { IsCount, IsDecimal, IsFlag, IsInstant, IsShapes, IsSymbolAlias } from '@mystocks/validation';

const PRICE_MAX = 10_000_000;
const AMOUNT_MAX = 1e13;

/** One level of the order book. */
export class QuoteLevel {
  /** Price, CNY. */
  @IsDecimal(0, PRICE_MAX) readonly p!: number;
  /** Size, shares. */
  @IsCount(0, 1e12) readonly s!: number;
}

/**
 * A quote as a feed sends it: prices in CNY, `v` and `amt` cumulative for the day. A price that has not been formed
 * yet (before the opening auction) is absent, never 0.
 */
export class Quote {
  @IsSymbolAlias() readonly symbol!: string;
  @IsInstant() readonly t!: string;
  @IsDecimal(0.000001, PRICE_MAX, { optional: true }) readonly last?: number;
  @IsDecimal(0.000001, PRICE_MAX, { optional: true }) readonly prev_close?: number;
  @IsDecimal(0.000001, PRICE_MAX, { optional: true }) readonly open?: number;
  @IsDecimal(0.000001, PRICE_MAX, { optional: true }) readonly high?: number;
  @IsDecimal(0.000001, PRICE_MAX, { optional: true }) readonly low?: number;
  @IsCount(0, 1e13, { optional: true }) readonly v?: number;
  @IsDecimal(0, AMOUNT_MAX, { optional: true }) readonly amt?: number;
  @IsShapes(QuoteLevel, 0, 10, { optional: true }) readonly bids?: QuoteLevel[];
  @IsShapes(QuoteLevel, 0, 10, { optional: true }) readonly asks?: QuoteLevel[];
  /** True when a replay or a drill made it; every answer that shows it then says `simulated`. */
  @IsFlag({ optional: true }) readonly simulated?: boolean;
}
