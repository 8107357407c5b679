import { createRequire } from 'node:module';
import { addDays, weekday, type Day } from './china-time.js';

// The exchanges stay shut on make-up workdays, so weekday and not public holiday is the whole rule.
// Compared with the exchanges' own calendar 1990-2026 (akfamily/akshare@0e7db00 file_fold/calendar.json, MIT): before
// 2007 make-up rules differ, from 2007 on one day does, the correction below.
const FIRST_YEAR = 2007;
const LAST_YEAR = 2100;
// New Year's Eve 2024 was a working day by law, but the exchanges closed: notices of the Shanghai, Shenzhen and Beijing
// exchanges of 2023-12-26 on the closing days of 2024, "Spring Festival: February 9 (Friday) to February 17".
const EXTRA_CLOSED: ReadonlySet<Day> = new Set(['2024-02-09']);

// The data behind chinese-days, not its functions: those of 1.5.7 look at a day in the machine's zone and are a day off
// west of Greenwich.
const require = createRequire(import.meta.url);
const announced = require('chinese-days/dist/chinese-days.json') as { holidays: Record<Day, string> };
const holidays: ReadonlySet<Day> = new Set(Object.keys(announced.holidays));
const isOpen = (day: Day): boolean => weekday(day) < 5 && !EXTRA_CLOSED.has(day) && !holidays.has(day);

/** Trading days of one year, or nothing when the holidays of that year have not been announced in the data yet. */
function daysOfYear(year: number): Day[] | undefined {
  const open: Day[] = [];
  let weekdays = 0;
  for (let day = `${year}-01-01`; day.startsWith(String(year)); day = addDays(day, 1)) {
    if (weekday(day) < 5) weekdays += 1;
    if (isOpen(day)) open.push(day);
  }
  return open.length === weekdays ? undefined : open;
}

function everyKnownDay(): Day[] {
  const known: Day[] = [];
  for (let year = FIRST_YEAR; year <= LAST_YEAR; year += 1) {
    const ofYear = daysOfYear(year);
    if (ofYear === undefined) break;
    known.push(...ofYear);
  }
  return known;
}

const days: readonly Day[] = everyKnownDay();
const open: ReadonlySet<Day> = new Set(days);

/** First and last day the calendar speaks of: whole years, as far as public holidays have been announced. */
export const knownRange: { readonly from: Day; readonly to: Day } = {
  from: `${FIRST_YEAR}-01-01`,
  to: `${days.at(-1)?.slice(0, 4) ?? FIRST_YEAR}-12-31`,
};

/** True when the calendar knows whether `day` is a trading day. */
export const isKnown = (day: Day): boolean => day >= knownRange.from && day <= knownRange.to;

function demandKnown(day: Day): void {
  if (!isKnown(day))
    throw new RangeError(`the trading calendar knows ${knownRange.from} to ${knownRange.to}, not ${day}`);
}

/** @throws {RangeError} outside {@link knownRange} */
export function isTradingDay(day: Day): boolean {
  demandKnown(day);
  return open.has(day);
}

/**
 * Trading days from `start` to `end`, both included.
 * @throws {RangeError} outside {@link knownRange}
 */
export function tradingDays(start: Day, end: Day): readonly Day[] {
  demandKnown(start);
  demandKnown(end);
  return days.slice(firstFrom(start), firstFrom(addDays(end, 1)));
}

/**
 * The first trading day after `day`; nothing when the calendar ends before it.
 * @throws {RangeError} outside {@link knownRange}
 */
export function nextTradingDay(day: Day): Day | undefined {
  demandKnown(day);
  return days[firstFrom(addDays(day, 1))];
}

/**
 * The last trading day before `day`; nothing when the calendar begins after it.
 * @throws {RangeError} outside {@link knownRange}
 */
export function previousTradingDay(day: Day): Day | undefined {
  demandKnown(day);
  return days[firstFrom(day) - 1];
}

/** Index of the first trading day that is not before `day`. */
function firstFrom(day: Day): number {
  let [low, high] = [0, days.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((days[middle] ?? '') < day) low = middle + 1;
    else high = middle;
  }
  return low;
}
