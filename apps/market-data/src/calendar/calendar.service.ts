import {
  addDays,
  chinaDay,
  chinaLocal,
  isKnown,
  isTrading,
  isTradingDay,
  knownRange,
  nextClose,
  nextOpen,
  phaseAt,
  sessionsOf,
  tradingDays,
  withZone,
} from '@mystocks/calendar';
import { Failure, type Answer, type CalendarRequest } from '@mystocks/contracts';
import type { Clock } from '@mystocks/kernel';
import { Injectable } from '@nestjs/common';
import { answerOfJson } from '../answer-of-json.js';
import { clockLifetime, tradingDaysLifetime } from './lifetimes.js';

const DAYS_MAX = 2 * 366;

const atSeconds = (ms: number): string => withZone(chinaLocal(ms).slice(0, 19));
const orNull = (ms: number | undefined): string | null => (ms === undefined ? null : atSeconds(ms));

/** Trading days, sessions and the clock of the exchanges. */
@Injectable()
export class CalendarService {
  constructor(private readonly clock: Clock) {}

  /** Trading days from `start` to `end` with their sessions. */
  list({ start, end }: CalendarRequest): Answer {
    if (start > end) throw new Failure('invalid', 'start lies after end', { problem: 'DATE_RANGE_INVALID' });
    if (end >= addDays(start, DAYS_MAX)) {
      throw new Failure('unprocessable', 'At most two years at once', { problem: 'DATE_RANGE_TOO_LONG' });
    }
    if (!isKnown(start) || !isKnown(end)) {
      throw new Failure('unprocessable', `The calendar knows ${knownRange.from} to ${knownRange.to}`, {
        problem: 'DATE_RANGE_INVALID',
      });
    }
    const days = tradingDays(start, end).map((date) => ({
      date,
      sessions: sessionsOf(date).map(({ openMs, closeMs }) => ({ open: atSeconds(openMs), close: atSeconds(closeMs) })),
    }));
    return answerOfJson(JSON.stringify({ days }), { tags: [], ...tradingDaysLifetime, built_at_ms: this.clock.now() });
  }

  /** What the market is doing now; never kept by a cache. */
  now(): Answer {
    const nowMs = this.clock.now();
    const today = chinaDay(nowMs);
    if (!isKnown(today)) {
      throw new Failure('unavailable', `The trading calendar ends on ${knownRange.to}`, {
        problem: 'MARKET_DATA_UNAVAILABLE',
      });
    }
    const phase = phaseAt(nowMs);
    const clock = {
      timestamp: withZone(chinaLocal(nowMs)),
      phase,
      is_open: isTrading(phase),
      trading_day: isTradingDay(today) ? today : null,
      next_open: orNull(nextOpen(nowMs)),
      next_close: orNull(nextClose(nowMs)),
    };
    return answerOfJson(JSON.stringify(clock), { tags: [], ...clockLifetime, built_at_ms: nowMs });
  }
}
