import type { Adjustment, InstrumentKind, Timeframe } from '@mystocks/contracts';
import type { FactorStep } from '../timeseries/factor-steps.js';
import type { BarWindow } from './bar-window.js';

export interface BarsQuestion {
  readonly instruments: readonly { readonly id: number; readonly kind: InstrumentKind }[];
  readonly timeframe: Timeframe;
  readonly adjustment: Adjustment;
  readonly sort: 'asc' | 'desc';
  readonly window: BarWindow;
  /** Bars of each instrument. */
  readonly limit: number;
}

/** The bars of one instrument, ready for a client. */
export interface BarSeries {
  /** Index into the question's instruments. */
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

/** Each day costs the 240 minutes that are read for it. */
const COMPARED_DAYS_MAX = 5;

/** How many daily bars of each instrument, the newest of those read, are compared with the minutes of their day. */
export const comparedDays = ({ instruments }: BarsQuestion): number =>
  Math.max(1, Math.floor(COMPARED_DAYS_MAX / instruments.length));

/** Where bars are read. */
export abstract class BarsRepository {
  /** One page; instruments without a bar in it are absent. */
  abstract page(question: BarsQuestion): Promise<BarSeries[]>;

  /** How the adjustment factor of an instrument changes up to a local time; what a refusal of adjusted prices is made of. */
  abstract factorSteps(id: number, knownTo: string): Promise<FactorStep[]>;
}
