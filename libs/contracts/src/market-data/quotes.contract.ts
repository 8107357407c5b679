import { IsCount, IsListOf, IsShape, IsSymbol, IsSymbolAliases } from '@mystocks/validation';
import { Answer } from '../definition/answer.js';
import { defineCall, defineEvent } from '../definition/define.js';
import { IngestReport, IsIdempotencyKey } from './ingest.contract.js';
import { IsPosition } from '../definition/position.js';
import { feeders, readers } from '../definition/roles.js';
import { Quote } from './quote.js';
import { symbolKey } from './market-data.words.js';

export class QuotesRequest {
  @IsSymbolAliases(100) readonly symbols!: string[];
}

/** Answer: `{quotes:{"600519.SH":{t,last,prev_close,open,high,low,v,amt,bids,asks,seq}},meta}`; unknown ones absent. */
export const latestQuotes = defineCall({
  subject: 'svc.market-data.quotes.latest.v1',
  request: QuotesRequest,
  response: Answer,
  timeoutMs: 1_500,
  effect: 'read',
  allow: readers,
});

/** Answer: `{snapshots:{"600519.SH":{latest_quote,daily_bar,prev_daily_bar,phase}},meta}`. */
export const snapshots = defineCall({
  subject: 'svc.market-data.quotes.snapshots.v1',
  request: QuotesRequest,
  response: Answer,
  timeoutMs: 1_500,
  effect: 'read',
  allow: readers,
});

export class RecordQuotesRequest {
  /** Each a {@link Quote}, checked by itself: what is none is refused alone, in its place. */
  @IsListOf({ name: 'quotes', test: () => true }, 1_000) readonly quotes!: unknown[];
  @IsIdempotencyKey() readonly idempotency_key?: string;
}

/**
 * Stores quotes and publishes them; items in the order given. Quotes are ordered by `t`, then cumulative volume, then arrival:
 * 409 marks a quote that is older than the one held, 200 the quote held itself.
 */
export const recordQuotes = defineCall({
  subject: 'svc.market-data.quotes.record.v1',
  request: RecordQuotesRequest,
  response: IngestReport,
  timeoutMs: 2_500,
  effect: 'idempotent',
  allow: feeders,
});

/** A quote as it was stored: its symbol is the canonical one. */
class StoredQuote extends Quote {
  @IsSymbol() declare readonly symbol: string;
}

/** A stored quote with its place in the channel. */
export class QuoteChanged {
  @IsShape(StoredQuote) readonly quote!: Quote;
  /** Grows by one with every stored quote of the symbol. */
  @IsCount(1, Number.MAX_SAFE_INTEGER) readonly seq!: number;
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly received_at_ms!: number;
  @IsPosition() readonly lsn!: string;
}

export const quoteChanged = defineEvent({
  subject: 'evt.market-data.quote.changed.v1',
  numbered: true,
  payload: QuoteChanged,
  key: ({ quote }) => symbolKey(quote.symbol),
});
