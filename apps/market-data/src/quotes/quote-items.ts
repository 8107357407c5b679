import { chinaLocal } from '@mystocks/calendar';
import { Failure, failureCodes, problems, type IngestItem, type Quote } from '@mystocks/contracts';
import type { NamedQuote, StoredQuote, Verdict } from './settle.js';

// A quote from the far future would be the newest for ever and keep all real ones out. A feed's clock may be wrong, but not by a
// day.
const AHEAD_MAX_MS = 86_400_000;

/** What became of one quote: it may be stored, or the item says why not. */
export type ReadQuote = { readonly named: NamedQuote } | { readonly refused: Omit<IngestItem, 'line' | 'id'> };

/** Reads one quote; `find` gives its instrument, nothing when there is none, or a Failure when its code names two. */
export async function readQuote(
  quote: Quote,
  nowMs: number,
  find: (alias: string) => Promise<{ readonly id: number; readonly symbol: string } | undefined>,
): Promise<ReadQuote> {
  const tMs = Date.parse(quote.t);
  if (tMs > nowMs + AHEAD_MAX_MS) {
    return {
      refused: { status: 422, code: problems.DATE_RANGE_INVALID, message: 'lies more than a day in the future' },
    };
  }
  if (quote.high !== undefined && quote.low !== undefined && quote.high < quote.low) {
    return { refused: { status: 422, code: failureCodes.unprocessable.number, message: 'high is below low' } };
  }
  try {
    const instrument = await find(quote.symbol);
    if (instrument === undefined) {
      return { refused: { status: 404, code: problems.MARKET_DATA_NOT_FOUND, message: 'there is no such instrument' } };
    }
    return {
      named: { instrumentId: instrument.id, t: chinaLocal(tMs), quote: { ...quote, symbol: instrument.symbol } },
    };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'conflict') throw error;
    return { refused: { status: 409, code: problems.SYMBOL_AMBIGUOUS, message: error.message } };
  }
}

/** One item a quote, in the order given. */
export function itemsOf(
  quotes: readonly Quote[],
  read: readonly ReadQuote[],
  verdicts: readonly Verdict[],
): IngestItem[] {
  const next = verdicts.values();
  return read.map((one, index) => {
    const given = quotes[index];
    const head = { line: index + 1, id: `${given?.symbol ?? ''} ${given?.t ?? ''}` };
    if ('refused' in one) return { ...head, ...one.refused };
    const status = next.next().value?.status ?? 500;
    if (status !== 409) return { ...head, status };
    return { ...head, status, code: failureCodes.conflict.number, message: 'is not newer than the quote held' };
  });
}

/** The quotes to store, in the order given. */
export const storedOf = (verdicts: readonly Verdict[]): StoredQuote[] =>
  verdicts.flatMap((verdict) => (verdict.status === 201 ? [verdict.stored] : []));
