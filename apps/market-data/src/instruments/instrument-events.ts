import { instrumentsChanged } from '@mystocks/contracts';
import { pendingEvent, type PendingEvent } from '../idempotency/pending-events.js';

/** Most symbols that one event can name (InstrumentsChanged). */
const SYMBOLS_MAX = 1_000;

/**
 * Builds the events for `count` changed instruments. Every answer about the `reshaped` ones changes; for the others, only
 * answers that depend on the list of instruments change.
 */
export function instrumentEvents(count: number, reshaped: readonly string[]): PendingEvent[] {
  if (count === 0) return [];
  const first = reshaped.slice(0, SYMBOLS_MAX);
  const events = pendingEvent(instrumentsChanged, first.length === 0 ? { count } : { count, symbols: first });
  const rest = reshaped.slice(SYMBOLS_MAX);
  return rest.length === 0 ? [events] : [events, ...instrumentEvents(count, rest)];
}
