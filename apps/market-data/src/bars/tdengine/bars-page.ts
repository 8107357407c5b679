import type { BarSeries, BarsQuestion } from '../stored/bars.repository.js';
import { barJson } from './bar-json.js';
import type { ShownBar } from '../stored/shown-bar.js';

/** What one instrument has for a page: its bars in the order of the page, perhaps more than fit. */
export interface Candidates {
  /** Index into the question's instruments. */
  readonly place: number;
  readonly bars: readonly ShownBar[];
  /** The rows behind them ended at a limit: there may be more after the last. */
  readonly filled: boolean;
}

/**
 * The page: at most `limit` bars of each, and all end at the stamp where the first one had to stop, unless each has an end of
 * its own.
 */
export function barsPage(
  candidates: readonly Candidates[],
  { limit, sort, ends: own }: Pick<BarsQuestion, 'limit' | 'sort' | 'ends'>,
): BarSeries[] {
  const isWithin = (t: string, edge: string): boolean => (sort === 'asc' ? t <= edge : t >= edge);
  const ends = candidates.map((one) => endOf(one, limit)).filter((end) => end !== undefined);
  const edge = ends.length === 0 ? null : ends.reduce((a, b) => (isWithin(a, b) ? a : b));
  return candidates.flatMap(({ place, bars }) => {
    const shown = bars.slice(0, limit).filter(({ t }) => own === 'each' || edge === null || isWithin(t, edge));
    if (shown.length === 0) return [];
    const newest = shown.reduce((latest, { t }) => (t > latest ? t : latest), '');
    const lines = shown.map(barJson).filter((line) => line !== '');
    const priced = shown.filter(({ open }) => open !== null).length;
    const hasConflict = shown.some(({ conflict }) => conflict === true);
    const isMade = shown.some(({ made }) => made === true);
    const flags = { conflict: hasConflict, made: isMade };
    return [{ place, bars: lines.join(','), total: shown.length, priced, ...flags, newest, edge }];
  });
}

/** Where this instrument's page has to stop; nothing when all it has fits. */
function endOf({ bars, filled }: Candidates, limit: number): string | undefined {
  if (bars.length > limit) return bars[limit - 1]?.t;
  return filled ? bars.at(-1)?.t : undefined;
}
