import type { Adjustment } from '@mystocks/contracts';
import { roundedQuotient, unitsOf } from './exact-decimal.js';
import { PRICE_DECIMALS, type Price, type ShownBar, type StoredBar } from './shown-bar.js';

const STORED_DECIMALS = 6;
const FACTOR_DECIMALS = 10;

/** The adjustment factor that came with a day. */
export interface DayFactor {
  /** `YYYY-MM-DD` */
  readonly day: string;
  readonly factor: number;
}

/** The factor of a day: its own, or that of the last day before it that has one. `known` is in the order of days. */
export function factorLine(known: readonly DayFactor[]): (day: string) => number | undefined {
  return (day) => {
    let [from, to] = [0, known.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((known[middle]?.day ?? '') <= day) from = middle + 1;
      else to = middle;
    }
    return known[from - 1]?.factor;
  };
}

/**
 * Prices times the factor of their day (`hfq`), or that over the newest factor (`qfq`), rounded half away from zero to 4
 * decimals. Where a factor is not known the prices are null.
 */
export function adjustedBars(
  bars: readonly StoredBar[],
  adjustment: Exclude<Adjustment, 'raw'>,
  factors: { readonly of: (day: string) => number | undefined; readonly newest: number | undefined },
): ShownBar[] {
  const newest = factors.newest === undefined ? undefined : unitsOf(factors.newest, FACTOR_DECIMALS);
  const down =
    10n ** BigInt(STORED_DECIMALS) * (adjustment === 'hfq' ? 10n ** BigInt(FACTOR_DECIMALS) : (newest ?? 1n));
  return bars.map((bar) => {
    const factor = newest === undefined ? undefined : factors.of(bar.t.slice(0, 10));
    if (factor === undefined) return { ...bar, open: null, high: null, low: null, close: null };
    const up = unitsOf(factor, FACTOR_DECIMALS) * 10n ** BigInt(PRICE_DECIMALS);
    const by = (price: number): Price => roundedQuotient(unitsOf(price, STORED_DECIMALS) * up, down);
    return { ...bar, open: by(bar.open), high: by(bar.high), low: by(bar.low), close: by(bar.close) };
  });
}
