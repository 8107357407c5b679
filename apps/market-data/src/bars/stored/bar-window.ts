import { addDays, chinaLocal, weekday, type Day } from '@mystocks/calendar';
import { Failure, type ListBarsRequest, type Timeframe } from '@mystocks/contracts';
import { isDay } from '@mystocks/validation';
import { sessionBin } from './session-bin.js';

/**
 * China local times `YYYY-MM-DDTHH:MM:SS.sss`, or ±infinity; they sort as text. Both ends of a range are included.
 * A range speaks of bar stamps and a bar is always whole: a week belongs to it when its last day does.
 */
export interface BarWindow {
  /** Stamps that may be shown. */
  readonly from: string;
  readonly to: string;
  /** Stored bars that those are made of. */
  readonly storedFrom: string;
  readonly storedTo: string;
  /** Last day whose adjustment factor counts. */
  readonly knownTo: string;
}

/** Minutes of the frames that are put together from minute bars. */
export const binMinutes: Readonly<Partial<Record<Timeframe, number>>> = {
  '5Min': 5,
  '15Min': 15,
  '30Min': 30,
  '60Min': 60,
};

const ALWAYS = 'infinity';
const DAY_START = 'T00:00:00.000';
const DAY_END = 'T23:59:59.999';
const FIRST_MINUTE = 'T09:31:00.000';
const CLOSE = 'T15:00:00.000';
const isEndless = (time: string): boolean => time.endsWith(ALWAYS);
const dayOf = (time: string): Day => time.slice(0, 10);
const later = (a: string, b: string): string => (a > b ? a : b);
const earlier = (a: string, b: string): string => (a < b ? a : b);

/** What to read for a request; `after` is the last stamp of the page before. */
export function barWindow(
  request: Pick<ListBarsRequest, 'timeframe' | 'start' | 'end' | 'asof' | 'sort'>,
  after: string | undefined,
): BarWindow {
  const { timeframe, start, end, asof, sort } = request;
  let from = start === undefined ? `-${ALWAYS}` : timeOf(start, DAY_START);
  let to = end === undefined ? ALWAYS : timeOf(end, DAY_END);
  if (from > to) throw new Failure('invalid', 'start lies after end', { problem: 'DATE_RANGE_INVALID' });
  const knownTo = asof === undefined ? ALWAYS : `${asof}${DAY_END}`;
  to = earlier(to, knownTo);
  // Stamps are whole seconds.
  if (after !== undefined && sort === 'asc') from = later(from, `${after}.001`);
  if (after !== undefined && sort === 'desc') to = earlier(to, justBefore(after));
  return {
    from,
    to,
    storedFrom: isEndless(from) ? from : storedFrom(from, timeframe),
    storedTo: isEndless(to) ? to : earlier(storedTo(to, timeframe), knownTo),
    knownTo,
  };
}

/** True where a window of minutes begins with the first minute, and rows of the opening auction that lie before it belong to that. */
export const beginsInAuction = ({ from, storedFrom: stored }: BarWindow): boolean => stored < from;

/**
 * The last time a stored bar behind a page may have. `edge` is the page's last stamp where more follow; in rising order
 * nothing behind it belongs to the page.
 */
export function lastStored(
  { storedTo: last, knownTo }: Pick<BarWindow, 'storedTo' | 'knownTo'>,
  { timeframe, sort }: Pick<ListBarsRequest, 'timeframe' | 'sort'>,
  edge: string | null,
): string {
  return edge === null || sort === 'desc' ? last : earlier(storedTo(`${edge}.000`, timeframe), knownTo);
}

const timeOf = (dayOrInstant: string, time: string): string =>
  isDay(dayOrInstant) ? `${dayOrInstant}${time}` : chinaLocal(Date.parse(dayOrInstant));

const lastOfMonth = (day: Day): Day => addDays(`${addDays(`${day.slice(0, 7)}-01`, 31).slice(0, 7)}-01`, -1);
const justBefore = (stamp: string): string => new Date(Date.parse(`${stamp}Z`) - 1).toISOString().slice(0, 23);

function storedFrom(from: string, timeframe: Timeframe): string {
  const day = dayOf(from);
  switch (timeframe) {
    case '1Min':
      return from.slice(10) <= FIRST_MINUTE ? `${day}${DAY_START}` : from;
    case '1Day':
      return from.endsWith(DAY_START) ? from : `${addDays(day, 1)}${DAY_START}`;
    case '1Week':
      return `${addDays(day, -weekday(day))}${DAY_START}`;
    case '1Month':
      return `${day.slice(0, 7)}-01${DAY_START}`;
    case '5Min':
    case '15Min':
    case '30Min':
    case '60Min':
      return binStart(from, binMinutes[timeframe] ?? 1);
  }
}

/** The first moment of the bin that ends at or after `from`: an earlier one would push wanted bars out of the page. */
function binStart(from: string, frame: number): string {
  const day = dayOf(from);
  if (from.slice(10) > CLOSE) return `${addDays(day, 1)}${DAY_START}`;
  const minute = Math.ceil((Date.parse(`${from}Z`) - Date.parse(`${day}T00:00:00Z`)) / 60_000);
  const { after } = sessionBin(minute, frame);
  if (after < 0) return `${day}${DAY_START}`;
  return new Date(Date.parse(`${day}T00:00:00Z`) + after * 60_000 + 1).toISOString().slice(0, 23);
}

function storedTo(to: string, timeframe: Timeframe): string {
  const day = dayOf(to);
  switch (timeframe) {
    case '1Min':
    case '1Day':
      return to;
    case '1Week':
      return `${addDays(day, 6 - weekday(day))}${DAY_END}`;
    case '1Month':
      return `${lastOfMonth(day)}${DAY_END}`;
    case '5Min':
    case '15Min':
    case '30Min':
    case '60Min':
      // The last bin also holds what is stamped after the close.
      return to.slice(10) >= CLOSE ? `${day}${DAY_END}` : to;
  }
}
