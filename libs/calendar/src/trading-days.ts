import { builtInDays, type DayStates } from './built-in-days.js';
import { addDays, weekday, type Day } from './china-time.js';
import { SHENZHEN_DAYS, SHENZHEN_SATURDAYS } from './early-days.js';

/** Bits of a day's value. */
const [MORNING, AFTERNOON, SHENZHEN] = [1, 2, 4];
const BOTH = MORNING + AFTERNOON;

/** A day as a number of few bits: 12 months of 32 days a year, so that no date has to be computed to look it up. */
const FIRST_YEAR = 1990;
const slotOf = (year: number, month: number, day: number): number =>
  ((year - FIRST_YEAR) * 12 + month - 1) * 32 + day - 1;
const slotOfDay = (day: Day): number => {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  return slotOf(year, month, date);
};

interface Table {
  readonly from: Day;
  readonly to: Day;
  /** Up to the last slot of the year in which the calendar ends. */
  readonly slots: Uint8Array;
}

function tableOf({ from, states }: DayStates): Table {
  const to = addDays(from, states.length - 1);
  const slots = new Uint8Array(slotOf(Number(to.slice(0, 4)) + 1, 1, 1));
  let day = from;
  for (const state of states) {
    slots[slotOfDay(day)] = Number(state);
    day = addDays(day, 1);
  }
  for (; Number(day.slice(0, 4)) === Number(to.slice(0, 4)); day = addDays(day, 1)) {
    slots[slotOfDay(day)] = provisionalState(day);
  }
  const { first, last } = SHENZHEN_SATURDAYS;
  const saturdays: Day[] = [];
  for (let saturday: Day = first; saturday <= last; saturday = addDays(saturday, 7)) saturdays.push(saturday);
  for (const own of [...saturdays, ...SHENZHEN_DAYS]) {
    const slot = slotOfDay(own);
    if (slot < slots.length) slots[slot] = (slots[slot] ?? 0) | SHENZHEN;
  }
  return { from, to, slots };
}

const provisionalState = (day: Day): number => (weekday(day) < 5 ? BOTH : 0);

// Reading the calendar is synchronous and frequent; a change swaps the whole table.
let table = tableOf(builtInDays());

/** From now on the calendar of this process is `days`. */
export function useCalendar(days: DayStates): void {
  table = tableOf(days);
}

/** First and last day that the calendar states. Beyond the last one weekdays are provisional trading days. */
export const calendarRange = (): { readonly from: Day; readonly to: Day } => ({ from: table.from, to: table.to });

/** True beyond the end of the calendar. */
export const isProvisional = (day: Day): boolean => day > table.to;

function stateOf(day: Day): number {
  return table.slots[slotOfDay(day)] ?? (day > table.to ? provisionalState(day) : 0);
}

/** Which sessions a day has; none before the exchanges opened. */
export function daySessions(day: Day): { readonly morning: boolean; readonly afternoon: boolean } {
  const state = stateOf(day);
  return { morning: (state & MORNING) !== 0, afternoon: (state & AFTERNOON) !== 0 };
}

export const isTradingDay = (day: Day): boolean => (stateOf(day) & BOTH) !== 0;

/** Whether an exchange trades on a day YYYYMMDD: Shenzhen has had days of its own in its first years. */
export function tradesOn(exchange: string, day: number): boolean {
  const slot = slotOf(Math.trunc(day / 10_000), Math.trunc(day / 100) % 100, day % 100);
  const state = table.slots[slot];
  if (state !== undefined) return (state & (exchange === 'SZSE' ? BOTH + SHENZHEN : BOTH)) !== 0;
  const text = String(day);
  return isTradingDay(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`);
}

/** Trading days from `start` to `end`, both included. */
export function tradingDays(start: Day, end: Day): readonly Day[] {
  const found: Day[] = [];
  for (let day = start; day <= end; day = addDays(day, 1)) if (isTradingDay(day)) found.push(day);
  return found;
}

/** The first trading day after `day`. */
export function nextTradingDay(day: Day): Day {
  let next = day < table.from ? table.from : addDays(day, 1);
  while (!isTradingDay(next)) next = addDays(next, 1);
  return next;
}

/** The last trading day before `day`; undefined before the first one. */
export function previousTradingDay(day: Day): Day | undefined {
  for (let before = addDays(day, -1); before >= table.from; before = addDays(before, -1)) {
    if (isTradingDay(before)) return before;
  }
  return undefined;
}
