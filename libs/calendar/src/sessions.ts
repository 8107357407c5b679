import { chinaDay, chinaTimeOfDay, timeOn, type Day } from './china-time.js';
import { daySessions, nextTradingDay } from './trading-days.js';

/** What the market is doing: both auctions, the gap before the open, trading, lunch, or nothing. */
export type Phase = 'pre_open' | 'call_auction' | 'continuous' | 'lunch' | 'closing_auction' | 'closed';

/** One stretch of trading, epoch ms. */
export interface Session {
  readonly openMs: number;
  readonly closeMs: number;
}

const at = (hour: number, minute: number): number => (hour * 60 + minute) * 60_000;

// The trading rules of the three exchanges: opening auction 09:15-09:25, closing auction 14:57-15:00 (Shanghai has it
// since 2018-08-20; before that day its last three minutes were continuous).
const TIMETABLE: readonly { readonly from: number; readonly phase: Phase }[] = [
  { from: 0, phase: 'closed' },
  { from: at(9, 15), phase: 'call_auction' },
  { from: at(9, 25), phase: 'pre_open' },
  { from: at(9, 30), phase: 'continuous' },
  { from: at(11, 30), phase: 'lunch' },
  { from: at(13, 0), phase: 'continuous' },
  { from: at(14, 57), phase: 'closing_auction' },
  { from: at(15, 0), phase: 'closed' },
];
const [MORNING, NOON, AFTERNOON, CLOSE] = [at(9, 30), at(11, 30), at(13, 0), at(15, 0)];
const SESSIONS = [
  { open: MORNING, close: NOON },
  { open: AFTERNOON, close: CLOSE },
] as const;
// Quotes begin to move with the opening auction, and again after lunch.
const ACTIVITIES = [at(9, 15), at(13, 0)] as const;

/** What the market is doing at an instant. */
export function phaseAt(instantMs: number): Phase {
  const { morning, afternoon } = daySessions(chinaDay(instantMs));
  const time = chinaTimeOfDay(instantMs);
  const isOff = time < NOON ? !morning : !afternoon || (time < AFTERNOON && !morning);
  return isOff ? 'closed' : (TIMETABLE.findLast(({ from }) => from <= time)?.phase ?? 'closed');
}

/** True while orders are matched: inside a session. */
export const isTrading = (phase: Phase): boolean => phase === 'continuous' || phase === 'closing_auction';

/**
 * The next instant after `instantMs` at which the phase may be another one; at the latest the next midnight in China.
 * Needs no calendar: on a closed day nothing changes there, which costs a caller no more than asking again.
 */
export function nextPhaseChange(instantMs: number): number {
  const time = chinaTimeOfDay(instantMs);
  return timeOn(chinaDay(instantMs), TIMETABLE.find(({ from }) => from > time)?.from ?? at(24, 0));
}

/** The trading sessions of a day; none on a day without trading. */
export function sessionsOf(day: Day): readonly Session[] {
  const { morning, afternoon } = daySessions(day);
  return SESSIONS.filter(({ open }) => (open === MORNING ? morning : afternoon)).map(({ open, close }) => ({
    openMs: timeOn(day, open),
    closeMs: timeOn(day, close),
  }));
}

/** The first opening of a session after an instant, epoch ms. */
export const nextOpen = (instantMs: number): number =>
  nextEdge(
    instantMs,
    SESSIONS.map(({ open }) => open),
  );

/** The first closing of a session after an instant, epoch ms. */
export const nextClose = (instantMs: number): number =>
  nextEdge(
    instantMs,
    SESSIONS.map(({ close }) => close),
  );

/**
 * The first instant after `instantMs` at which quotes begin to move: 13:00 of a trading day that has reached 09:15, else
 * 09:15 of the next one. At lunch and while the market is closed nothing moves before it. Epoch ms.
 */
export const nextActivity = (instantMs: number): number => nextEdge(instantMs, ACTIVITIES);

/** Those of these times of day that lie in a session of the day, or just before it. */
function timesOf(day: Day, times: readonly number[]): readonly number[] {
  const { morning, afternoon } = daySessions(day);
  return times.filter((time) => (time <= NOON ? morning : afternoon));
}

/** The first of these times of a trading day after an instant. */
function nextEdge(instantMs: number, times: readonly number[]): number {
  const today = chinaDay(instantMs);
  const found = timesOf(today, times).find((time) => timeOn(today, time) > instantMs);
  if (found !== undefined) return timeOn(today, found);
  const next = nextTradingDay(today);
  return timeOn(next, timesOf(next, times)[0] ?? 0);
}
