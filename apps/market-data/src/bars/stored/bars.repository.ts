import type { Adjustment, InstrumentKind, Timeframe } from '@mystocks/contracts';
import type { FactorStep } from '../../factors/factor-steps.js';
import type { BarWindow } from './bar-window.js';

export interface BarsQuestion {
  readonly instruments: readonly { readonly id: number; readonly kind: InstrumentKind }[];
  readonly timeframe: Timeframe;
  readonly adjustment: Adjustment;
  readonly sort: 'asc' | 'desc';
  readonly window: BarWindow;
  /** Bars of each instrument. */
  readonly limit: number;
  /** `each`: every instrument shows its own bars up to the limit. Absent, or `together`: the pages of all end at the same stamp. */
  readonly ends?: 'each' | 'together';
}

/** The bars of one instrument, ready for a client. */
export interface BarSeries {
  /** Index into the instruments of the request. */
  readonly place: number;
  /** JSON objects, separated by commas. Not to be shown when `priced` is below `total`. */
  readonly bars: string;
  readonly total: number;
  /** Bars whose prices are known: the others lack an adjustment factor. */
  readonly priced: number;
  /** Stored frames of a day of the page contradict each other. */
  readonly conflict: boolean;
  /** A day, week or month of the page is made of minute bars, because no daily bar stands for it yet. */
  readonly made: boolean;
  /** Stamp of the newest, China local time. */
  readonly newest: string;
  /** Last stamp of the page, the same for all instruments; null when there is no further page. */
  readonly edge: string | null;
}

/** Days of a page whose minute bars are read, each 240 rows: that many are made of them, and that many compared with them. */
const DAYS_OF_MINUTES_MAX = 250;
/**
 * What a week or month needs at least: one that begins before the range, one inside it and the beginning of the next (a month has
 * at most 23 trading days). Pages of days are not to be shorter than those of weeks either.
 */
const [MADE_MIN, MADE_OF_MONTHS_MIN] = [11, 47];

/** How many days of each instrument a page makes of minute bars; it ends there, and the next one goes on. */
export const madeDays = (question: BarsQuestion): number =>
  Math.max(question.timeframe === '1Month' ? MADE_OF_MONTHS_MIN : MADE_MIN, comparedDays(question));

/** How many daily bars of each instrument, the newest whose days have minute bars, are compared with those. */
export const comparedDays = ({ instruments }: BarsQuestion): number =>
  Math.max(1, Math.floor(DAYS_OF_MINUTES_MAX / instruments.length));

/** The store from which bars are read. */
export abstract class BarsRepository {
  /** Returns one page; instruments without a bar in it are absent. */
  abstract page(question: BarsQuestion): Promise<BarSeries[]>;

  /** How the adjustment factor of an instrument changes up to a local time; what a refusal of adjusted prices is made of. */
  abstract factorSteps(id: number, knownTo: string): Promise<FactorStep[]>;
}
