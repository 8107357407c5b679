import {
  IsCount,
  IsDay,
  IsDayOrInstant,
  IsFlag,
  IsNumeric,
  IsOneOf,
  IsShape,
  IsShapes,
  IsSymbol,
  IsSymbolAlias,
  IsSymbolAliases,
  IsText,
} from '@mystocks/validation';
import { Answer } from '../definition/answer.js';
import { defineCall, defineEvent } from '../definition/define.js';
import {
  barDialects,
  barStamps,
  IngestRequest,
  IngestReport,
  IsIdempotencyKey,
  type BarDialect,
  type BarStamps,
} from './ingest.contract.js';
import { IsPosition } from '../definition/position.js';
import { loaders, readers } from '../definition/roles.js';
import {
  adjustments,
  storedTimeframes,
  timeframes,
  symbolKey,
  type Adjustment,
  type StoredTimeframe,
  type Timeframe,
} from './market-data.words.js';

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
  /** What an adjusted question about an instrument that never had a factor is answered with: nothing, or raw prices. */
  @IsOneOf(['refuse', 'raw'], { optional: true }) readonly without_factors?: 'refuse' | 'raw';
}

/** Answer: `{symbol,bars:[{t,o,h,l,c,v,amt}],next_page_token,meta}`. */
export const listBars = defineCall({
  subject: 'svc.market-data.bars.list.v1',
  request: ListBarsRequest,
  response: Answer,
  timeoutMs: 2_500,
  effect: 'read',
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
  effect: 'read',
  allow: readers,
});

export class IngestBarsRequest extends IngestRequest {
  /** Frame of lines that have a time and do not say it themselves. */
  @IsOneOf(storedTimeframes, { optional: true, code: 2000 }) readonly timeframe?: StoredTimeframe;
  /** Register instruments that bars name and that are not listed yet, instead of refusing their lines. */
  @IsFlag() readonly register: boolean = false;
  /** Instead of what the header says. */
  @IsOneOf(barDialects, { optional: true }) readonly dialect?: BarDialect;
  /** `end` where absent. */
  @IsOneOf(barStamps, { optional: true }) readonly stamps?: BarStamps;
  /** The instrument of lines that do not name it. */
  @IsSymbolAlias({ optional: true }) readonly symbol?: string;
  /** The sender calls {@link endLoad} behind the last block, so lines may be withheld until then. */
  @IsFlag({ optional: true }) readonly ends_load?: boolean;
}

export const ingestBars = defineCall({
  subject: 'svc.market-data.bars.ingest.v1',
  request: IngestBarsRequest,
  response: IngestReport,
  timeoutMs: 30_000,
  effect: 'idempotent',
  allow: loaders,
});

export class EndLoadRequest {
  /** As its blocks name it. */
  @IsText(1, 64) readonly load!: string;
  /** That of its blocks, once all of them are stored. */
  @IsIdempotencyKey() readonly idempotency_key?: string;
  /** Not all of it was stored, so its sender may have sent it again already. */
  @IsFlag({ optional: true }) readonly broken_off?: boolean;
}

/**
 * Stores the lines of a load that were withheld, as far as no later line of it gives their bars. The report has only
 * lines that changed something; with the report of their block they counted as unchanged.
 */
export const endLoad = defineCall({
  subject: 'svc.market-data.bars.end-load.v1',
  request: EndLoadRequest,
  response: IngestReport,
  timeoutMs: 30_000,
  effect: 'idempotent',
  allow: loaders,
});

/** A bar in wire form; prices keep the exact decimals that were stored. */
export class Bar {
  @IsDayOrInstant() readonly t!: string;
  @IsNumeric() readonly o!: number;
  @IsNumeric() readonly h!: number;
  @IsNumeric() readonly l!: number;
  @IsNumeric() readonly c!: number;
  @IsNumeric() readonly v!: number;
  @IsNumeric({ optional: true }) readonly amt?: number;
  /** True for a day on which the instrument was not traded; absent otherwise. */
  @IsFlag({ optional: true }) readonly suspended?: boolean;
  /** True while the bar is still made from quotes; absent otherwise. */
  @IsFlag({ optional: true }) readonly partial?: boolean;
}

/** The most instruments of one frame in one {@link newestBars} call. */
export const NEWEST_BARS_MAX = 200;

/** One stored frame of several instruments. */
export class FrameSymbols {
  @IsOneOf(storedTimeframes, { code: 2000 }) readonly timeframe!: StoredTimeframe;
  @IsSymbolAliases(NEWEST_BARS_MAX) readonly symbols!: string[];
}

export class NewestBarsRequest {
  @IsShapes(FrameSymbols, 1, storedTimeframes.length) readonly frames!: FrameSymbols[];
}

/** The newest bar of one instrument in one frame. */
export class NewestBar {
  @IsOneOf(storedTimeframes) readonly timeframe!: StoredTimeframe;
  @IsSymbol() readonly symbol!: string;
  /** Absent when the instrument has no bar of this frame. */
  @IsShape(Bar, { optional: true }) readonly bar?: Bar;
}

export class NewestBars {
  @IsShapes(NewestBar, 0, storedTimeframes.length * NEWEST_BARS_MAX) readonly bars!: NewestBar[];
}

/** The newest raw bar of each instrument and frame, whatever day it is of; unknown instruments are left out. */
export const newestBars = defineCall({
  subject: 'svc.market-data.bars.newest.v1',
  request: NewestBarsRequest,
  response: NewestBars,
  timeoutMs: 2_500,
  effect: 'read',
  allow: readers,
});

/** The most bars that one {@link BarsChanged} lists. */
export const LISTED_BARS_MAX = 64;

/** Stored bars of one symbol and frame changed between two days. */
export class BarsChanged {
  @IsSymbol() readonly symbol!: string;
  @IsOneOf(storedTimeframes) readonly timeframe!: StoredTimeframe;
  @IsDay() readonly from!: string;
  @IsDay() readonly to!: string;
  /** The newest of the bars that changed. */
  @IsShape(Bar) readonly bar!: Bar;
  /** All that changed, oldest first; absent when more than {@link LISTED_BARS_MAX} did. */
  @IsShapes(Bar, 1, LISTED_BARS_MAX, { optional: true }) readonly bars?: Bar[];
  @IsCount(0, Number.MAX_SAFE_INTEGER) readonly received_at_ms!: number;
  @IsPosition() readonly lsn!: string;
}

export const barsChanged = defineEvent({
  subject: 'evt.market-data.bars.changed.v1',
  numbered: true,
  payload: BarsChanged,
  key: ({ symbol }) => symbolKey(symbol),
});
