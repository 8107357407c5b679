import { IsSymbol } from '@mystocks/validation';
import { defineCall, defineEvent } from '../definition/define.js';
import { IngestReport, IngestRequest } from './ingest.contract.js';
import { symbolKey } from './market-data.words.js';
import { IsPosition } from '../definition/position.js';
import { loaders } from '../definition/roles.js';

/** Adjustment factors by ex-date: CSV `code,exchange,ex_date,factor`, cumulative as those of daily bars (`adj_factor`). */
export const ingestFactors = defineCall({
  subject: 'svc.market-data.factors.ingest.v1',
  request: IngestRequest,
  response: IngestReport,
  timeoutMs: 30_000,
  effect: 'idempotent',
  allow: loaders,
});

/** Factors of a symbol changed: every adjusted price of it may be another one. */
export class FactorsChanged {
  @IsSymbol() readonly symbol!: string;
  @IsPosition() readonly lsn!: string;
}

export const factorsChanged = defineEvent({
  subject: 'evt.market-data.factors.changed.v1',
  numbered: true,
  payload: FactorsChanged,
  key: ({ symbol }) => symbolKey(symbol),
});
