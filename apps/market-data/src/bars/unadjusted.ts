import { addDays, weekday, type Day } from '@mystocks/calendar';
import { Failure, type ListBarsRequest } from '@mystocks/contracts';
import type { FactorStep } from '../factors/factor-steps.js';
import type { BarWindow } from './stored/bar-window.js';

/** What is known about adjustment where prices of a page are not. */
export interface Unadjusted {
  /** The first day with a factor; undefined when there never was one. */
  readonly since: Day | undefined;
  /** The first ex-day without a factor that matters, if there is one. */
  readonly gap: Day | undefined;
}

/** Says what makes prices between the ends of a window unknown, given the steps of the factor up to its last day. */
export function whyUnadjusted(
  steps: readonly FactorStep[],
  adjustment: ListBarsRequest['adjustment'],
  { storedFrom, storedTo }: Pick<BarWindow, 'storedFrom' | 'storedTo'>,
): Unadjusted {
  const since = steps.find(({ factor }) => factor !== null)?.day;
  const last = steps.at(-1);
  // Without the newest factor there is nothing to divide by.
  if (adjustment === 'qfq' && last?.factor === null) return { since, gap: last.day };
  const gap = steps.find(({ day, factor }, index) => {
    const until = steps[index + 1]?.day ?? 'infinity';
    return factor === null && day <= storedTo && until > storedFrom.slice(0, 10);
  });
  return { since, gap: gap?.day };
}

/** What a client reads about it. */
export function unadjustedMessage(symbol: string, { since, gap }: Unadjusted): string {
  if (since === undefined) return `No adjustment factor of ${symbol} is stored; raw prices are`;
  if (gap === undefined) return `No adjustment factor of ${symbol} is known before ${since}`;
  return `No adjustment factor of ${symbol} is known for ${gap}: the previous close or the factor of the first daily bar from that day on is not that of the daily bar before it, so an ex-day lacks its factor, or daily bars are missing: send the factor of the ex-day or those bars`;
}

export const unadjustedFailure = (messages: readonly string[]): Failure =>
  new Failure('unprocessable', messages.join('; '), { problem: 'KLINE_ADJUST_INVALID' });

/** The first day from `day` on that begins a whole bar of the frame. */
export function wholeFrom(day: Day, timeframe: ListBarsRequest['timeframe']): Day {
  if (timeframe === '1Week') return addDays(day, (7 - weekday(day)) % 7);
  if (timeframe !== '1Month' || day.endsWith('-01')) return day;
  return `${addDays(`${day.slice(0, 7)}-01`, 31).slice(0, 7)}-01`;
}
