import { IsCount, IsOneOf, IsSymbolAlias, IsText } from '@mystocks/validation';
import { Answer } from './answer.js';
import { defineCall, defineEvent } from './define.js';
import { IngestRequest, IngestReport } from './ingest.contract.js';
import { loaders, readers } from './roles.js';
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

export class InstrumentsChanged {
  @IsCount(1, 1_000_000) readonly count!: number;
  @IsText(1, 40) readonly lsn!: string;
}

export const instrumentsChanged = defineEvent({
  subject: 'evt.market-data.instruments.changed.v1',
  numbered: true,
  payload: InstrumentsChanged,
});
