import { Failure, type ListBarsRequest } from '@mystocks/contracts';
import { IsDay, IsOneOf, IsText } from '@mystocks/validation';

const periods = { daily: '1Day', weekly: '1Week', monthly: '1Month' } as const;
type Period = keyof typeof periods;
const intervals: Readonly<Record<string, Period>> = {
  '1d': 'daily',
  '1w': 'weekly',
  '1m': 'monthly',
  day: 'daily',
  week: 'weekly',
  month: 'monthly',
};
/** What the original answered when no start was given. */
const BARS_WITHOUT_START = 60;

export class KlineQuery {
  @IsText(0, 20) readonly stock_code: string = '';
  @IsText(1, 20, { optional: true }) readonly symbol?: string;
  @IsOneOf(Object.keys(periods), { code: 2000 }) readonly period: Period = 'daily';
  @IsOneOf([...Object.keys(intervals), ...Object.keys(periods)], { optional: true, code: 2000 })
  readonly interval?: string;
  /** Without it `qfq`, or raw for an instrument that never had a factor; the header X-Adjustment says so then. */
  @IsOneOf(['qfq', 'hfq', ''], { optional: true, code: 2001 }) readonly adjust?: 'qfq' | 'hfq' | '';
  @IsDay({ optional: true }) readonly start_date?: string;
  @IsDay({ optional: true }) readonly end_date?: string;
}

/** The question of v2 behind a question of v1. */
export function toBarsRequest(query: KlineQuery): Record<string, unknown> {
  const code = query.stock_code === '' ? query.symbol : query.stock_code;
  if (code === undefined) {
    throw new Failure('invalid', 'stock_code is missing', {
      errors: [{ pointer: '/stock_code', code: 1001, message: 'is missing' }],
    });
  }
  const period = query.interval === undefined ? query.period : periodOf(query.interval);
  return {
    symbol: stockSymbol(code),
    timeframe: periods[period],
    ...adjustmentOf(query.adjust),
    ...(query.start_date === undefined
      ? { limit: BARS_WITHOUT_START, sort: 'desc' }
      : { start: query.start_date, limit: 10_000 }),
    ...(query.end_date === undefined ? {} : { end: query.end_date }),
  };
}

/** What is asked for by name is answered or refused; only the default may become raw. */
function adjustmentOf(adjust: KlineQuery['adjust']): Pick<ListBarsRequest, 'adjustment' | 'without_factors'> {
  if (adjust === undefined) return { adjustment: 'qfq', without_factors: 'raw' };
  return { adjustment: adjust === '' ? 'raw' : adjust };
}

const periodOf = (interval: string): Period =>
  Object.hasOwn(intervals, interval) ? (intervals[interval] ?? 'daily') : (interval as Period);

/**
 * v1 knew stocks only: a bare 000xxx is the Shenzhen stock, although Shanghai has indices of the same digits, for
 * which v2 answers SYMBOL_AMBIGUOUS.
 */
export const stockSymbol = (code: string): string => (/^000\d{3}$/.test(code) ? `${code}.SZ` : code);

export interface BarsDocument {
  readonly meta: { readonly adjustment: string };
  readonly bars: readonly {
    readonly t: string;
    readonly o: number;
    readonly h: number;
    readonly l: number;
    readonly c: number;
    readonly v: number;
    readonly amt?: number | null;
  }[];
}

/** `{bars:[{t,o,h,l,c,v,amt}]}` -> the rows of the original, oldest first. */
export function toKlineRows({ bars }: Pick<BarsDocument, 'bars'>): Record<string, unknown>[] {
  return bars
    .map(({ t, o, h, l, c, v, amt }) => ({
      datetime: t.slice(0, 10),
      date: t.slice(0, 10),
      open: o,
      high: h,
      low: l,
      close: c,
      volume: v,
      amount: amt ?? null,
    }))
    .sort((a, b) => (a.date < b.date ? -1 : 1));
}
