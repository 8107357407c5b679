// What both sides of the bus bench talk about. Plain calls of the decorators: type stripping knows no decorators.
import { defineCall } from '@mystocks/contracts';
import { IsBody, IsCount, IsNumeric, IsText } from '@mystocks/validation';

export class QuoteRequest {
  declare readonly symbol: string;
  declare readonly note: string;
}
IsText(1, 20)(QuoteRequest.prototype, 'symbol');
IsText(1, 200)(QuoteRequest.prototype, 'note');

export class QuoteAnswer {
  declare readonly symbol: string;
  declare readonly name: string;
  declare readonly last: number;
  declare readonly open: number;
  declare readonly high: number;
  declare readonly low: number;
  declare readonly volume: number;
  declare readonly t: string;
}
for (const field of ['symbol', 'name', 't'] as const) IsText(1, 60)(QuoteAnswer.prototype, field);
for (const field of ['last', 'open', 'high', 'low'] as const) IsNumeric()(QuoteAnswer.prototype, field);
IsCount(0, Number.MAX_SAFE_INTEGER)(QuoteAnswer.prototype, 'volume');

export class BytesAnswer {
  declare readonly body: Buffer;
  declare readonly etag: string;
}
IsBody()(BytesAnswer.prototype, 'body');
IsText(1, 80)(BytesAnswer.prototype, 'etag');

const common = { timeoutMs: 5_000, effect: 'read', allow: 'anyone' } as const;
export const typedQuote = defineCall({
  ...common,
  subject: 'svc.bench.quote.typed.v1',
  request: QuoteRequest,
  response: QuoteAnswer,
});
export const bytesQuote = defineCall({
  ...common,
  subject: 'svc.bench.quote.bytes.v1',
  request: QuoteRequest,
  response: BytesAnswer,
});

/** Subject of the stock Nest service that answers the same. */
export const stockSubject = 'bench.stock.quote';

/** 140 bytes as JSON, like the answer. */
export const request: QuoteRequest = {
  symbol: '600519.SH',
  note: 'padding that makes the request as long as a usual one: 140 B'.padEnd(107, '.'),
};
export const answer: QuoteAnswer = {
  symbol: '600519.SH',
  name: 'Kweichow Moutai',
  last: 1444.5,
  open: 1440,
  high: 1451.22,
  low: 1432.1,
  volume: 3_120_455,
  t: '2024-06-14T15:00:00+08:00',
};

export type Side = 'ours' | 'stock';
export type Kind = 'typed' | 'bytes';
/** What a client process is told to do, and what it says afterwards. */
export interface Order {
  readonly kind: Kind;
  readonly ms: number;
  readonly inFlight: number;
}
export interface Done {
  readonly calls: number;
  readonly ms: number;
  readonly cpuMs: number;
}
