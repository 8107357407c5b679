import type { Adjustment } from '@mystocks/contracts';
import { roundedQuotient, unitsOf } from '../../numbers/exact-decimal.js';
import { PRICE_DECIMALS, type Price, type ShownBar, type StoredBar } from '../stored/shown-bar.js';

const STORED_DECIMALS = 6;
const FACTOR_DECIMALS = 10;
const DECIMALS_MIN = 4;
const DIGITS_MIN = 3;

/**
 * Prices times the factor of their day (`hfq`), or that over the newest factor (`qfq`), rounded half away from zero to 4
 * decimals, below 0.01 to three digits. Where a factor is not known the prices are null.
 */
export function adjustedBars<B extends StoredBar>(
  bars: readonly B[],
  adjustment: Exclude<Adjustment, 'raw'>,
  factors: { readonly of: (day: string) => number | undefined; readonly newest: number | undefined },
): (Omit<B, 'open' | 'high' | 'low' | 'close'> & ShownBar)[] {
  const newest = factors.newest === undefined ? undefined : unitsOf(factors.newest, FACTOR_DECIMALS);
  const down =
    10n ** BigInt(STORED_DECIMALS) * (adjustment === 'hfq' ? 10n ** BigInt(FACTOR_DECIMALS) : (newest ?? 1n));
  return bars.map((bar) => {
    const factor = newest === undefined ? undefined : factors.of(bar.t.slice(0, 10));
    if (factor === undefined) return { ...bar, open: null, high: null, low: null, close: null };
    const up = unitsOf(factor, FACTOR_DECIMALS);
    const by = (price: number): Price => rounded(unitsOf(price, STORED_DECIMALS) * up, down);
    return { ...bar, open: by(bar.open), high: by(bar.high), low: by(bar.low), close: by(bar.close) };
  });
}

/** `up / down` in units of 10^-PRICE_DECIMALS. */
function rounded(up: bigint, down: bigint): bigint {
  const decimals = up * 100n >= down ? DECIMALS_MIN : fineDecimals(up, down);
  return roundedQuotient(up * 10n ** BigInt(decimals), down) * 10n ** BigInt(PRICE_DECIMALS - decimals);
}

/** Decimals that keep three digits: the whole part of the number times a power of ten shows how small it is. */
function fineDecimals(up: bigint, down: bigint): number {
  const digits = ((up * 10n ** BigInt(PRICE_DECIMALS)) / down).toString().length;
  return Math.max(DECIMALS_MIN, PRICE_DECIMALS + DIGITS_MIN - digits);
}
