import { chinaDay, tradesOn, withZone } from '@mystocks/calendar';
import {
  Failure,
  failureCodes,
  problems,
  Quote,
  quoteChanged,
  type IngestItem,
  type QuoteLevel,
} from '@mystocks/contracts';
import { check, InvalidInput } from '@mystocks/validation';
import type { StoredWork } from '../idempotency/idempotency.service.js';
import { pendingEvent, type PendingEvent } from '../idempotency/pending-events.js';
import { printable } from '../lines/plain-text.js';
import { closedDay } from '../lines/refusals.js';
import { exchangeOf } from '../instruments/symbols.js';
import { stampOf } from './stored/quote-stamp.js';
import type { NamedQuote, StoredQuote, Verdict } from './stored/settle.js';

// A quote from the far future would stay the newest one and keep out all real quotes. The clock of a feed may be wrong, but
// not by a day.
const AHEAD_MAX_MS = 86_400_000;
/** Longest texts of an item (IngestItem), with room for characters of two units. */
const [ID_MAX, MESSAGE_MAX] = [120, 300];

const OLDER = 'is older than the quote held: t lies before its t, or t is the same and v is smaller';

type Refused = Omit<IngestItem, 'line' | 'id'>;

/** The result of reading one quote: either it can be stored, or the item says why not. */
export type ReadQuote = { readonly named: NamedQuote } | { readonly refused: Refused };

/** Reads one item; `find` gives its instrument, nothing when there is none, or a Failure when its code names two. */
export async function readQuote(
  item: unknown,
  nowMs: number,
  find: (alias: string) => Promise<{ readonly id: number; readonly symbol: string } | undefined>,
): Promise<ReadQuote> {
  const quote = checked(item);
  if (!(quote instanceof Quote)) return { refused: quote };
  if (Date.parse(quote.t) > nowMs + AHEAD_MAX_MS) {
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
    const day = Number(chinaDay(Date.parse(quote.t)).replaceAll('-', ''));
    const exchange = exchangeOf(instrument.symbol) ?? '';
    // Simulated quotes are stamped with the time of their replay, which may be any day.
    if (quote.simulated !== true && !tradesOn(exchange, day)) return { refused: closedDay(day, exchange) };
    return {
      named: {
        instrumentId: instrument.id,
        t: stampOf(quote.t),
        quote: { ...shown(quote), symbol: instrument.symbol },
      },
    };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'conflict') throw error;
    return { refused: { status: 409, code: problems.SYMBOL_AMBIGUOUS, message: error.message } };
  }
}

/** Feeds fill the order book up with levels of price 0. These are no offers and are left out. */
function shown(quote: Quote): Quote {
  const priced = (levels: readonly QuoteLevel[]): QuoteLevel[] => levels.filter(({ p }) => p > 0);
  const { bids, asks } = quote;
  return { ...quote, ...(bids && { bids: priced(bids) }), ...(asks && { asks: priced(asks) }) };
}

function checked(item: unknown): Quote | Refused {
  try {
    return check(Quote, item);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const message = error.violations
      .map(({ pointer, message: what }) => `${pointer.slice(1) || 'the quote'} ${what}`)
      .join('; ');
    const code = error.violations[0]?.code ?? failureCodes.invalid.number;
    return { status: failureCodes.invalid.status, code, message: printable(message, MESSAGE_MAX) };
  }
}

/** The report of a batch of quotes, with its items in the given order. */
export function quotesReport(
  quotes: readonly unknown[],
  read: readonly ReadQuote[],
  verdicts: readonly Verdict[],
): StoredWork['report'] {
  const items = itemsOf(quotes, read, verdicts);
  const inserted = items.filter(({ status }) => status === 201).length;
  const unchanged = items.filter(({ status }) => status === 200).length;
  const failed = quotes.length - inserted - unchanged;
  const counts = { total: quotes.length, inserted, updated: 0, unchanged, failed };
  return { ...counts, items, ignored_columns: [], registered: [] };
}

function itemsOf(quotes: readonly unknown[], read: readonly ReadQuote[], verdicts: readonly Verdict[]): IngestItem[] {
  const next = verdicts.values();
  return read.map((one, index) => {
    const head = { line: index + 1, id: idOf(quotes[index]) };
    if ('refused' in one) return { ...head, ...one.refused };
    const status = next.next().value?.status ?? 500;
    if (status !== 409) return { ...head, status };
    return { ...head, status, code: failureCodes.conflict.number, message: OLDER };
  });
}

/** The text that names an item, as it was given. */
function idOf(item: unknown): string {
  const { symbol, t } = (typeof item === 'object' && item !== null ? item : {}) as Record<string, unknown>;
  const words = [symbol, t].filter((word) => typeof word === 'string' && word !== '');
  return printable(words.join(' '), ID_MAX);
}

/** The quotes to store, in the order given. */
export const storedOf = (verdicts: readonly Verdict[]): StoredQuote[] =>
  verdicts.flatMap((verdict) => (verdict.status === 201 ? [verdict.stored] : []));

/** The events that sockets and caches receive. */
export const quoteEvents = (stored: readonly StoredQuote[], receivedAtMs: number): PendingEvent[] =>
  stored.map(({ quote, t, seq }) =>
    pendingEvent(quoteChanged, { quote: { ...quote, t: withZone(t) }, seq, received_at_ms: receivedAtMs }),
  );
