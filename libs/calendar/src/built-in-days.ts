import { createRequire } from 'node:module';
import { addDays, weekday, type Day } from './china-time.js';
import { FIRST_DAY, wasClosed } from './early-days.js';

/** What each day from `from` on is, one digit a day: 0 no trading, 1 only the morning, 2 only the afternoon, 3 both. */
export interface DayStates {
  readonly from: Day;
  readonly states: string;
}

// The exchanges stay shut on make-up workdays, so from 2007 on weekday and not public holiday is the whole rule but for one
// day. Compared with the exchanges' own calendar 1990-2026 (akfamily/akshare@0e7db00 file_fold/calendar.json, MIT).
const HOLIDAYS_SINCE = 2007;
const YEARS_MAX = 100;
// New Year's Eve 2024 was a working day by law, but the exchanges closed: notices of the Shanghai, Shenzhen and Beijing
// exchanges of 2023-12-26 on the closing days of 2024, "Spring Festival: February 9 (Friday) to February 17".
const EXTRA_CLOSED: ReadonlySet<Day> = new Set(['2024-02-09']);

// The data behind chinese-days, not its functions: those of 1.5.7 look at a day in the machine's zone and are a day off
// west of Greenwich.
const require = createRequire(import.meta.url);
const announced = require('chinese-days/dist/chinese-days.json') as { holidays: Record<Day, string> };
const holidays: ReadonlySet<Day> = new Set(Object.keys(announced.holidays));

function isOpen(day: Day): boolean {
  if (weekday(day) > 4) return false;
  return day < `${HOLIDAYS_SINCE}` ? !wasClosed(day) : !EXTRA_CLOSED.has(day) && !holidays.has(day);
}

/** A year without a holiday on a weekday has not been announced in the data yet. */
function lastAnnouncedYear(): number {
  const announcedYears = new Set([...holidays].filter((day) => weekday(day) < 5).map((day) => Number(day.slice(0, 4))));
  let year = HOLIDAYS_SINCE;
  while (announcedYears.has(year + 1) && year < HOLIDAYS_SINCE + YEARS_MAX) year += 1;
  return year;
}

/** The calendar that comes with this package: whole years, as far as public holidays have been announced. */
export function builtInDays(): DayStates {
  const end = `${lastAnnouncedYear()}-12-31`;
  let states = '';
  for (let day = FIRST_DAY; day <= end; day = addDays(day, 1)) states += isOpen(day) ? '3' : '0';
  return { from: FIRST_DAY, states };
}
