import {
  IsBody,
  IsCount,
  IsDay,
  IsDayOrInstant,
  IsFlag,
  IsListOf,
  IsNumeric,
  IsOneOf,
  IsShapes,
  IsSymbol,
  IsSymbolAlias,
  IsSymbolAliases,
  IsText,
} from '@mystocks/validation';
import { Answer } from './answer.js';
import { defineCall, defineEvent } from './define.js';
import { feeders, loaders, readers } from './roles.js';
import { adjustments, exchanges, instrumentStatuses, storedTimeframes, timeframes } from './market-data.words.js';
import type { Adjustment, Exchange, InstrumentStatus, StoredTimeframe, Timeframe } from './market-data.words.js';
import { Quote } from './quote.js';

/** Filters shared by both bars calls. Days and instants are in China time; both ends are inclusive. */
class BarsFilter {
  @IsOneOf(timeframes, { code: 2000 }) readonly timeframe: Timeframe = '1Day';
  @IsDayOrInstant({ optional: true }) readonly start?: string;
  @IsDayOrInstant({ optional: true }) readonly end?: string;
  @IsOneOf(adjustments, { code: 2001 }) readonly adjustment: Adjustment = 'raw';
  /** Point in time: bars and adjustment factors as they were known at the end of this day. */
  @IsDay({ optional: true }) readonly asof?: string;
  @IsCount(1, 10_000) readonly limit: number = 1_000;
  @IsText(1, 200, { optional: true }) readonly page_token?: string;
  @IsOneOf(['asc', 'desc']) readonly sort: 'asc' | 'desc' = 'asc';
}

export class ListBarsRequest extends BarsFilter {
  @IsSymbolAlias() readonly symbol!: string;
}

/** Answer: `{symbol,bars:[{t,o,h,l,c,v,amt}],next_page_token,meta}` (SURFACE.md §4). */
export const listBars = defineCall({
  subject: 'svc.market-data.bars.list.v1',
  request: ListBarsRequest,
  response: Answer,
  timeoutMs: 2_500,
  idempotent: true,
  allow: readers,
});

export class ListManyBarsRequest extends BarsFilter {
  @IsSymbolAliases(100) readonly symbols!: string[];
}

/** The same with `bars` keyed by symbol. */
export const listManyBars = defineCall({
  subject: 'svc.market-data.bars.list-many.v1',
  request: ListManyBarsRequest,
  response: Answer,
  timeoutMs: 2_500,
  idempotent: true,
  allow: readers,
});

/** A block of whole lines of a bars or instruments file (CSV or NDJSON). */
export class IngestRequest {
  @IsBody() readonly body!: Buffer;
  @IsOneOf(['csv', 'ndjson']) readonly format!: 'csv' | 'ndjson';
  /** The file's header line; needed for CSV. The body holds data lines only. */
  @IsText(1, 4_000, { optional: true }) readonly header?: string;
  /** Number of the body's first line in the file (1 = first line), for reports. */
  @IsCount(1, Number.MAX_SAFE_INTEGER) readonly first_line: number = 1;
  @IsOneOf(['continue', 'abort']) readonly on_error: 'continue' | 'abort' = 'continue';
  /** Answer one item a line, not only the failed ones. */
  @IsFlag() readonly want_items: boolean = false;
}

export class IngestBarsRequest extends IngestRequest {
  /** Frame of lines that have a time and do not say it themselves. */
  @IsOneOf(storedTimeframes, { optional: true, code: 2000 }) readonly timeframe?: StoredTimeframe;
  /** Register instruments that bars name and nobody listed yet, instead of refusing their lines. */
  @IsFlag() readonly register: boolean = false;
}

export class IngestItem {
  /** Line of the file, from 1. */
  @IsCount(1, Number.MAX_SAFE_INTEGER) readonly line!: number;
  /** What the line is about, e.g. `600519.SH 1Day 2020-01-02`; as given when it could not be read. */
  @IsText(0, 120) readonly id!: string;
  /** 201 stored anew, 200 already there or changed, 4xx refused. */
  @IsCount(200, 599) readonly status!: number;
  @IsCount(1, 9_999, { optional: true }) readonly code?: number;
  @IsText(1, 300, { optional: true }) readonly message?: string;
}

export class IngestReport {
  @IsCount(0, 1_000_000) readonly total!: number;
  @IsCount(0, 1_000_000) readonly inserted!: number;
  @IsCount(0, 1_000_000) readonly updated!: number;
  @IsCount(0, 1_000_000) readonly unchanged!: number;
  @IsCount(0, 1_000_000) readonly failed!: number;
  /** Every line with `want_items`, else the refused ones (at most 1,000 a block). */
  @IsShapes(IngestItem, 0, 10_000) readonly items!: IngestItem[];
  /** Columns of the file that nothing reads. */
  @IsListOf({ name: 'names', test: (name) => typeof name === 'string' }, 200) readonly ignored_columns!: string[];
  /** Symbols that were registered because of `register`. */
  @IsListOf({ name: 'symbols', test: (name) => typeof name === 'string' }, 10_000) readonly registered!: string[];
  /** Log position of the commit; a read that carries it as X-Read-After sees the write. */
  @IsText(1, 40, { optional: true }) readonly lsn?: string;
}

export const ingestBars = defineCall({
  subject: 'svc.market-data.bars.ingest.v1',
  request: IngestBarsRequest,
  response: IngestReport,
  timeoutMs: 30_000,
  idempotent: true,
  allow: loaders,
});

/** Instruments: CSV `code,exchange,name[,area,industry,list_date]`. */
export const ingestInstruments = defineCall({
  subject: 'svc.market-data.instruments.ingest.v1',
  request: IngestRequest,
  response: IngestReport,
  timeoutMs: 30_000,
  idempotent: true,
  allow: loaders,
});

export class ListInstrumentsRequest {
  @IsOneOf(exchanges, { optional: true }) readonly exchange?: Exchange;
  /** Part of a code or name. */
  @IsText(1, 40, { optional: true }) readonly q?: string;
  @IsOneOf(instrumentStatuses, { optional: true }) readonly status?: InstrumentStatus;
  @IsCount(1, 1_000) readonly limit: number = 100;
  @IsText(1, 200, { optional: true }) readonly page_token?: string;
}

/** Answer: `{symbols:[{symbol,code,exchange,kind,name,area,industry,list_date,status}],next_page_token}`. */
export const listInstruments = defineCall({
  subject: 'svc.market-data.instruments.list.v1',
  request: ListInstrumentsRequest,
  response: Answer,
  timeoutMs: 1_500,
  idempotent: true,
  allow: readers,
});

export class GetInstrumentRequest {
  @IsSymbolAlias() readonly symbol!: string;
}

/** Answer: one instrument; `SYMBOL_AMBIGUOUS` with candidates when a bare code names two. */
export const getInstrument = defineCall({
  subject: 'svc.market-data.instruments.get.v1',
  request: GetInstrumentRequest,
  response: Answer,
  timeoutMs: 1_500,
  idempotent: true,
  allow: readers,
});

export class QuotesRequest {
  @IsSymbolAliases(100) readonly symbols!: string[];
}

/** Answer: `{quotes:{"600519.SH":{t,last,prev_close,open,high,low,v,amt,bids,asks,seq}},meta}`; unknown ones absent. */
export const latestQuotes = defineCall({
  subject: 'svc.market-data.quotes.latest.v1',
  request: QuotesRequest,
  response: Answer,
  timeoutMs: 1_500,
  idempotent: true,
  allow: readers,
});

/** Answer: `{snapshots:{"600519.SH":{latest_quote,daily_bar,prev_daily_bar,phase}},meta}`. */
export const snapshots = defineCall({
  subject: 'svc.market-data.quotes.snapshots.v1',
  request: QuotesRequest,
  response: Answer,
  timeoutMs: 1_500,
  idempotent: true,
  allow: readers,
});

export class RecordQuotesRequest {
  @IsShapes(Quote, 1, 1_000) readonly quotes!: Quote[];
}

/** Stores quotes and tells the house; items in the order given. 409 marks a quote older than the one held. */
export const recordQuotes = defineCall({
  subject: 'svc.market-data.quotes.record.v1',
  request: RecordQuotesRequest,
  response: IngestReport,
  timeoutMs: 2_500,
  idempotent: true,
  allow: feeders,
});

export class CalendarRequest {
  @IsDay() readonly start!: string;
  @IsDay() readonly end!: string;
}

/** Answer: `{days:[{date,sessions:[{open,close}]}]}`, trading days only. */
export const listCalendar = defineCall({
  subject: 'svc.market-data.calendar.list.v1',
  request: CalendarRequest,
  response: Answer,
  timeoutMs: 1_000,
  idempotent: true,
  allow: readers,
});

export class ClockRequest {}

/** Answer: `{timestamp,phase,is_open,trading_day,next_open,next_close}`. */
export const getClock = defineCall({
  subject: 'svc.market-data.clock.get.v1',
  request: ClockRequest,
  response: Answer,
  timeoutMs: 1_000,
  idempotent: true,
  allow: readers,
});

/** A quote as it was stored, with its place in the channel. */
export class QuoteChanged {
  @IsShapes(Quote, 1, 1) readonly quote!: [Quote];
  /** Grows by one with every stored quote of the symbol. */
  @IsCount(1, Number.MAX_SAFE_INTEGER) readonly seq!: number;
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly received_at_ms!: number;
  @IsText(1, 40) readonly lsn!: string;
}

/** `600519.SH` -> `SH.600519`: subject tokens, the exchange first so that one wildcard takes an exchange. */
export const symbolKey = (symbol: string): string => `${symbol.slice(7)}.${symbol.slice(0, 6)}`;

export const quoteChanged = defineEvent({
  subject: 'evt.market-data.quote.changed.v1',
  payload: QuoteChanged,
  key: ({ quote: [quote] }) => symbolKey(quote.symbol),
});

/** A bar in wire form; prices keep the exact decimals that were stored. */
export class Bar {
  @IsText(1, 40) readonly t!: string;
  @IsNumeric() readonly o!: number;
  @IsNumeric() readonly h!: number;
  @IsNumeric() readonly l!: number;
  @IsNumeric() readonly c!: number;
  @IsNumeric() readonly v!: number;
  @IsNumeric({ optional: true }) readonly amt?: number;
}

/** Stored bars of one symbol and frame changed between two days. */
export class BarsChanged {
  @IsSymbol() readonly symbol!: string;
  @IsOneOf(storedTimeframes) readonly timeframe!: StoredTimeframe;
  @IsDay() readonly from!: string;
  @IsDay() readonly to!: string;
  /** The newest of the bars that changed. */
  @IsShapes(Bar, 1, 1) readonly bar!: [Bar];
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly received_at_ms!: number;
  @IsText(1, 40) readonly lsn!: string;
}

export const barsChanged = defineEvent({
  subject: 'evt.market-data.bars.changed.v1',
  payload: BarsChanged,
  key: ({ symbol }) => symbolKey(symbol),
});

export class InstrumentsChanged {
  @IsCount(1, 1_000_000) readonly count!: number;
  @IsText(1, 40) readonly lsn!: string;
}

export const instrumentsChanged = defineEvent({
  subject: 'evt.market-data.instruments.changed.v1',
  payload: InstrumentsChanged,
});
