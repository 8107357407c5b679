import { chinaDay, chinaLocal, isTradingDay, previousTradingDay, type Day, type Phase } from '@mystocks/calendar';
import type { Quality } from '@mystocks/contracts';
import { isOpenPhase } from '../calendar/market-phase.js';

const LIVE_MS = 15_000;
const worstFirst: readonly Quality[] = ['simulated', 'stale', 'delayed', 'live', 'eod'];

export interface QuoteAge {
  /** When the quote was made, epoch ms. */
  readonly ms: number;
  readonly simulated: boolean;
}

/**
 * How fresh one quote is: `live` within 15 s while the market is open, `delayed` behind that on the same trading day,
 * `eod` of the last trading day while it is closed, else `stale`.
 */
export function quoteQuality(quote: QuoteAge, now: { readonly ms: number; readonly phase: Phase }): Quality {
  if (quote.simulated) return 'simulated';
  if (isOpenPhase(now.phase) && now.ms <= quote.ms + LIVE_MS) return 'live';
  const day = chinaDay(quote.ms);
  if (now.phase === 'closed') return day >= lastTradingDay(now.ms) ? 'eod' : 'stale';
  return day === chinaDay(now.ms) ? 'delayed' : 'stale';
}

/** The last instant at which several quotes may all be called `live`, epoch ms. */
export const liveUntilMs = (quotes: readonly QuoteAge[]): number => Math.min(...quotes.map(({ ms }) => ms + LIVE_MS));

/** The worst of several, because an answer has one word for all; nothing when there are none. */
export function worst(qualities: readonly Quality[]): Quality | undefined {
  return worstFirst.find((quality) => qualities.includes(quality));
}

/** The day whose quotes are the newest possible while the market is closed; before the opening auction that is the day before. */
function lastTradingDay(nowMs: number): Day {
  const today = chinaDay(nowMs);
  const traded = isTradingDay(today) && chinaLocal(nowMs).slice(11) >= '15';
  return traded ? today : (previousTradingDay(today) ?? today);
}
