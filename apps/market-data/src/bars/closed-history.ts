import { addDays, chinaDay, isTradingDay, previousTradingDay, type Day } from '@mystocks/calendar';
import type { ListBarsRequest } from '@mystocks/contracts';
import { lastStored, type BarWindow } from './stored/bar-window.js';
import type { BarSeries } from './stored/bars.repository.js';

/**
 * How long after its day a bar may still come for the first time. Later than that its absence says that there was no
 * trade: what comes then is a correction.
 */
const SETTLING_DAYS = 7;
const CLOSE = 'T15:00:00';

export interface BarsPage {
  readonly request: Pick<ListBarsRequest, 'timeframe' | 'adjustment' | 'sort'>;
  readonly window: BarWindow;
  readonly series: readonly Pick<BarSeries, 'newest' | 'made'>[];
  readonly edge: string | null;
  /** Number of instruments in the request; those without a bar in the page have no series. */
  readonly instruments: number;
}

/**
 * True when nothing but a correction can change a page: it ends before today with all its days, weeks and months, and their
 * bars have come. Prices adjusted to the newest factor (`qfq`) change with every later one, so their factors must be those
 * of a day long past. A page without a bar contains nothing worth caching.
 */
export function isClosedHistory(page: BarsPage, nowMs: number): boolean {
  const today = chinaDay(nowMs);
  const settled = addDays(today, -SETTLING_DAYS);
  const { request, window, series } = page;
  if (request.adjustment === 'qfq' && window.knownTo.slice(0, 10) >= settled) return false;
  const last = lastStored(window, request, page.edge);
  if (last.slice(0, 10) >= today || series.length === 0) return false;
  return last.slice(0, 10) < settled || haveCome(page, last);
}

/** Every instrument has the newest bar there can be up to `last`, and no daily bar is still to come for a day made of minutes. */
function haveCome({ request, series, instruments }: BarsPage, last: string): boolean {
  const day = lastTradingDay(last.slice(0, 10));
  if (day === undefined || series.length < instruments) return false;
  const end = request.timeframe.endsWith('Min') ? earlier(last, `${day}${CLOSE}`) : day;
  return series.every(({ newest, made }) => !made && newest >= end.slice(0, newest.length));
}

const earlier = (a: string, b: string): string => (a < b ? a : b);

/** The last trading day up to `day`; undefined before the first one. */
function lastTradingDay(day: Day): Day | undefined {
  return isTradingDay(day) ? day : previousTradingDay(day);
}
