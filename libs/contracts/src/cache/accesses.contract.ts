import { IsCount, IsShapes, IsSymbol } from '@mystocks/validation';
import { defineCall } from '../definition/define.js';

/** How often a symbol was read since the last report of its gateway. */
export class SymbolReads {
  @IsSymbol() readonly symbol!: string;
  @IsCount(1, 1_000_000_000) readonly count!: number;
}

export class RecordAccessesRequest {
  /** Each symbol once; somewhat more symbols than the exchanges list. */
  @IsShapes(SymbolReads, 1, 6_000) readonly reads!: SymbolReads[];
}

export class RecordedAccesses {
  /** Symbols whose reads were taken over; the others found no room. */
  @IsCount(0, 6_000) readonly symbols!: number;
}

/**
 * Adds reads to the access log. Never tried again by itself: what was recorded although its answer got lost would count
 * twice. `anyone`: a gateway reports on its own, for no user and without a token; no HTTP route leads here, only the bus,
 * whose token services alone have.
 */
export const recordAccesses = defineCall({
  subject: 'svc.cache.accesses.record.v1',
  request: RecordAccessesRequest,
  response: RecordedAccesses,
  timeoutMs: 2_000,
  effect: 'once',
  allow: 'anyone',
});
