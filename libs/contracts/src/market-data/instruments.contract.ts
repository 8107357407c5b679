import {
  IsCount,
  IsListOf,
  IsOneOf,
  IsShapes,
  IsSymbolAlias,
  IsSymbolAliases,
  IsText,
  SYMBOL,
} from '@mystocks/validation';
import { Answer } from '../definition/answer.js';
import { defineCall, defineEvent } from '../definition/define.js';
import { IngestRequest, IngestReport } from './ingest.contract.js';
import { IsPosition } from '../definition/position.js';
import { loaders, readers } from '../definition/roles.js';
import { exchanges, instrumentStatuses, type Exchange, type InstrumentStatus } from './market-data.words.js';

/**
 * Instruments: CSV `code,exchange,name[,kind,area,industry,list_date,status]`. What a list has no column for is kept as
 * it is; a new instrument without a kind gets that of its number.
 */
export const ingestInstruments = defineCall({
  subject: 'svc.market-data.instruments.ingest.v1',
  request: IngestRequest,
  response: IngestReport,
  timeoutMs: 30_000,
  effect: 'idempotent',
  allow: loaders,
});

export class ListInstrumentsRequest {
  @IsOneOf(exchanges, { optional: true }) readonly exchange?: Exchange;
  /**
   * Start of a code, a symbol in any spelling, part of a name (width, case and blanks do not count), or at least two letters
   * of its pinyin, as initials or in full.
   */
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
  effect: 'read',
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
  effect: 'read',
  allow: readers,
});

/** The most spellings that one {@link resolveInstruments} call looks up. */
export const RESOLVED_MAX = 200;

export class ResolveInstrumentsRequest {
  @IsSymbolAliases(RESOLVED_MAX) readonly symbols!: string[];
}

/** What one spelling names. */
export class ResolvedInstrument {
  /** The spelling, as it was asked for. */
  @IsText(1, 20) readonly asked!: string;
  /** Canonical symbol; absent when the spelling names no instrument, or several. */
  @IsText(1, 20, { optional: true }) readonly symbol?: string;
  /** The symbols that a bare code may mean, when they are several. */
  @IsListOf({ name: 'symbols', test: (one) => typeof one === 'string' }, 20, { optional: true })
  readonly candidates?: string[];
}

export class ResolvedInstruments {
  @IsShapes(ResolvedInstrument, 1, RESOLVED_MAX) readonly instruments!: ResolvedInstrument[];
}

/** Looks up which instruments these spellings name. One that names nothing does not hinder the others. */
export const resolveInstruments = defineCall({
  subject: 'svc.market-data.instruments.resolve.v1',
  request: ResolveInstrumentsRequest,
  response: ResolvedInstruments,
  timeoutMs: 1_500,
  effect: 'read',
  allow: readers,
});

export class RemovedInstrument {
  /** Canonical symbol. */
  @IsText(1, 20) readonly symbol!: string;
  /** Log position of the commit. */
  @IsPosition() readonly lsn!: string;
}

/**
 * Removes an instrument of which neither a bar nor a quote is stored; `conflict` otherwise. A code without its exchange
 * is refused.
 */
export const removeInstrument = defineCall({
  subject: 'svc.market-data.instruments.remove.v1',
  request: GetInstrumentRequest,
  response: RemovedInstrument,
  timeoutMs: 5_000,
  effect: 'once',
  allow: ['admin'],
});

export class InstrumentsChanged {
  @IsCount(1, 1_000_000) readonly count!: number;
  /** Those of which every answer changes, whatever it shows: they are of another kind now, or removed. */
  @IsListOf({ name: 'symbols', test: (one) => typeof one === 'string' && SYMBOL.test(one) }, 1_000, { optional: true })
  readonly symbols?: string[];
  @IsPosition() readonly lsn!: string;
}

export const instrumentsChanged = defineEvent({
  subject: 'evt.market-data.instruments.changed.v1',
  numbered: true,
  payload: InstrumentsChanged,
});
