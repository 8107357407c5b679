import type { Quote, QuoteLevel } from '@mystocks/contracts';

/** A quote whose symbol is known. */
export interface NamedQuote {
  readonly instrumentId: number;
  /** China local time, `YYYY-MM-DDTHH:MM:SS.sss`, with three more digits where it has microseconds. */
  readonly t: string;
  readonly quote: Quote;
}

/** The quote that is held for an instrument. */
export interface HeldQuote {
  readonly seq: number;
  readonly t: string;
  /** Cumulative volume; 0 when the quote has none. */
  readonly v: number;
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

/** A quote without a volume counts as one before the first trade, so it never replaces a volume of the same instant. */
export const volumeOf = ({ v }: { readonly v?: number | null }): number => v ?? 0;

const levels = (side: readonly QuoteLevel[] | null | undefined): number[][] | null =>
  side?.map(({ p, s }) => [p, s]) ?? null;

/**
 * Decides on quotes in the order given. They are ordered by time, then by cumulative volume, then by arrival: exchanges stamp
 * several snapshots with the same second, and of those the later ones never have less volume. A quote that is not older than
 * the one held is stored with the next number, the same quote again changes nothing, an older one is refused. `held` is not
 * changed.
 */
export function settle(quotes: readonly NamedQuote[], held: ReadonlyMap<number, HeldQuote>): Verdict[] {
  const latest = new Map(held);
  return quotes.map((named): Verdict => {
    const before = latest.get(named.instrumentId);
    const { t } = named;
    const v = volumeOf(named.quote);
    const content = contentOf(named.quote);
    if (before !== undefined && t <= before.t) {
      if (t === before.t && content === before.content) return { status: 200 };
      if (t < before.t || v < before.v) return { status: 409 };
    }
    const seq = (before?.seq ?? 0) + 1;
    latest.set(named.instrumentId, { seq, t, v, content });
    return { status: 201, stored: { ...named, seq } };
  });
}
