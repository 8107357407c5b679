import type { Quote, QuoteLevel } from '@mystocks/contracts';

/** A quote whose symbol is known. */
export interface NamedQuote {
  readonly instrumentId: number;
  /** China local time, `YYYY-MM-DDTHH:MM:SS.sss`. */
  readonly t: string;
  readonly quote: Quote;
}

/** The quote that is held for an instrument. */
export interface HeldQuote {
  readonly seq: number;
  readonly t: string;
  /** Its content as {@link contentOf} writes it. */
  readonly content: string;
}

export interface StoredQuote extends NamedQuote {
  readonly seq: number;
}

export type Verdict =
  { readonly status: 201; readonly stored: StoredQuote } | { readonly status: 200 } | { readonly status: 409 };

type Content = 'last' | 'prev_close' | 'open' | 'high' | 'low' | 'v' | 'amt' | 'bids' | 'asks' | 'simulated';

/** Values of a quote in fixed order; two quotes with the same say the same. Absent and null are one. */
export function contentOf(quote: { readonly [K in Content]?: Quote[K] | null }): string {
  const { last, prev_close, open, high, low, v, amt, bids, asks, simulated } = quote;
  const numbers = [last, prev_close, open, high, low, v, amt].map((value) => value ?? null);
  return JSON.stringify([...numbers, levels(bids), levels(asks), simulated ?? false]);
}

const levels = (side: readonly QuoteLevel[] | null | undefined): number[][] | null =>
  side?.map(({ p, s }) => [p, s]) ?? null;

/**
 * Decides on quotes in the order given: newer than the one held is stored with the next number, the same again is
 * nothing new, anything else is out of date. `held` is not changed.
 */
export function settle(quotes: readonly NamedQuote[], held: ReadonlyMap<number, HeldQuote>): Verdict[] {
  const latest = new Map(held);
  return quotes.map((named): Verdict => {
    const before = latest.get(named.instrumentId);
    const content = contentOf(named.quote);
    if (before !== undefined && named.t <= before.t) {
      return { status: named.t === before.t && content === before.content ? 200 : 409 };
    }
    const seq = (before?.seq ?? 0) + 1;
    latest.set(named.instrumentId, { seq, t: named.t, content });
    return { status: 201, stored: { ...named, seq } };
  });
}
