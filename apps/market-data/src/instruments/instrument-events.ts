import { instrumentsChanged } from '@mystocks/contracts';
import { newsOf, type News } from '../idempotency/news.js';

/** What one event can name (InstrumentsChanged). */
const SYMBOLS_MAX = 1_000;

/**
 * The events for `count` changed instruments; every answer about the `reshaped` ones changes, of the others only those
 * that depend on which instruments there are.
 */
export function instrumentNews(count: number, reshaped: readonly string[]): News[] {
  if (count === 0) return [];
  const first = reshaped.slice(0, SYMBOLS_MAX);
  const news = newsOf(instrumentsChanged, first.length === 0 ? { count } : { count, symbols: first });
  const rest = reshaped.slice(SYMBOLS_MAX);
  return rest.length === 0 ? [news] : [news, ...instrumentNews(count, rest)];
}
