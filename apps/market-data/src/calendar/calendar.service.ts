import {
  calendarRange,
  chinaDay,
  chinaLocal,
  addDays,
  isProvisional,
  isTrading,
  isTradingDay,
  nextClose,
  nextOpen,
  phaseAt,
  sessionsOf,
  tradingDays,
  withZone,
} from '@mystocks/calendar';
import { Failure, type Answer, type CalendarRequest } from '@mystocks/contracts';
import { Clock } from '@mystocks/kernel';
import { Injectable } from '@nestjs/common';
import { answerOfJson } from '../answers/answer-of-json.js';
import { clockLifetime, tradingDaysLifetime } from './lifetimes.js';

const DAYS_MAX = 2 * 366;

const atSeconds = (ms: number): string => withZone(chinaLocal(ms).slice(0, 19));
/** Present only where it is true. */
const provisional = (isSo: boolean): { readonly provisional?: true } => (isSo ? { provisional: true } : {});

/** Trading days, sessions and the clock of the exchanges. Beyond the end of the calendar weekdays are provisional. */
@Injectable()
export class CalendarService {
  constructor(private readonly clock: Clock) {}

  /** Trading days from `start` to `end` with their sessions. */
  list({ start, end }: CalendarRequest): Answer {
    if (start > end) throw new Failure('invalid', 'start lies after end', { problem: 'DATE_RANGE_INVALID' });
    if (end >= addDays(start, DAYS_MAX)) {
      throw new Failure('unprocessable', 'At most two years at once', { problem: 'DATE_RANGE_TOO_LONG' });
    }
    const { from } = calendarRange();
    if (start < from) {
      throw new Failure('unprocessable', `The calendar begins on ${from}`, {
        problem: 'DATE_RANGE_INVALID',
      });
    }
    const days = tradingDays(start, end).map((date) => ({
      date,
      sessions: sessionsOf(date).map(({ openMs, closeMs }) => ({ open: atSeconds(openMs), close: atSeconds(closeMs) })),
      ...provisional(isProvisional(date)),
    }));
    return answerOfJson(JSON.stringify({ days }), { tags: [], ...tradingDaysLifetime, built_at_ms: this.clock.now() });
  }

  /** Returns the current phase of the market; caches never store this answer. */
  now(): Answer {
    const nowMs = this.clock.now();
    const today = chinaDay(nowMs);
    const phase = phaseAt(nowMs);
    const nextCloseMs = nextClose(nowMs);
    const clock = {
      timestamp: withZone(chinaLocal(nowMs)),
      phase,
      is_open: isTrading(phase),
      trading_day: isTradingDay(today) ? today : null,
      next_open: atSeconds(nextOpen(nowMs)),
      next_close: atSeconds(nextCloseMs),
      // The flag is also set when only the next session is provisional.
      ...provisional(isProvisional(chinaDay(Math.max(nextOpen(nowMs), nextCloseMs)))),
    };
    return answerOfJson(JSON.stringify(clock), { tags: [], ...clockLifetime, built_at_ms: nowMs });
  }
}
