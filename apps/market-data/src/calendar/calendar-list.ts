import { addDays, DATE_COLUMNS, strangeColumn, type Day, type DayStates } from '@mystocks/calendar';
import { exchanges, Failure, type FieldError, problems, type StoreCalendarRequest } from '@mystocks/contracts';
import { isDay } from '@mystocks/validation';

/** A day of a list, and its place in the list. */
interface ListedDay {
  readonly pointer: string;
  readonly date: string;
  readonly exchange?: string | undefined;
  /** 0: no trading; 1: only the morning; 2: only the afternoon; 3: both; undefined: the text could not be read. */
  readonly state: number | undefined;
}

const DAYS_MAX = 50_000;
const ERRORS_MAX = 20;
const [CLOSED, BOTH] = [0, 3];
/** Sessions of a day as `open-close`, with their bit. */
const SESSIONS: ReadonlyMap<string, number> = new Map([
  ['09:30-11:30', 1],
  ['13:00-15:00', 2],
]);

/**
 * The days that a list states: all from its first to its last, trading days or not.
 * @throws {Failure} `invalid` or `unprocessable` naming what is wrong and where; a list is stored whole or not at all
 */
export function readCalendarList({ body, format }: StoreCalendarRequest): DayStates {
  const text = textOf(body);
  const listed = format === 'csv' ? csvDays(text) : jsonDays(text);
  if (listed.length === 0) throw new Failure('invalid', 'The list has no days');
  if (listed.length > DAYS_MAX) throw new Failure('too_large', `The list has more than ${DAYS_MAX} days`);
  const states = new Map<Day, number>();
  const errors: FieldError[] = [];
  for (const day of listed) {
    const message = wrongWith(day, states);
    if (message === undefined) states.set(dayOf(day.date), day.state ?? CLOSED);
    else errors.push({ pointer: day.pointer, code: problems.DATE_RANGE_INVALID, message });
  }
  if (errors.length > 0) throw refused(errors);
  if (![...states.values()].some((state) => state !== CLOSED)) throw withoutTrading();
  return dense(states);
}

function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    throw new Failure('invalid', 'The list is not UTF-8', { cause: error });
  }
}

function refused(errors: readonly FieldError[]): Failure {
  const [first] = errors;
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : '';
  return new Failure('unprocessable', `${first?.pointer} ${first?.message}${more}. Nothing of the list was stored`, {
    problem: 'DATE_RANGE_INVALID',
    errors: errors.slice(0, ERRORS_MAX),
  });
}

/**
 * A list that states only closed days nearly always comes from flags that were read wrongly. Storing it would close all days
 * from its first to its last.
 */
const withoutTrading = (): Failure =>
  new Failure(
    'unprocessable',
    'The list names only closed days. To close a day, name the trading days before and after it too. Nothing of the list was stored',
    { problem: 'DATE_RANGE_INVALID' },
  );

function wrongWith({ date, exchange, state }: ListedDay, states: ReadonlyMap<Day, number>): string | undefined {
  const day = dayOf(date);
  if (!isDay(day)) return 'must name a real day as YYYY-MM-DD or YYYYMMDD, from 1990 to 2100';
  if (exchange !== undefined && !exchanges.some((one) => one === exchange)) {
    return `is of the exchange ${exchange.slice(0, 20)}; the calendar is that of ${exchanges.join(', ')}`;
  }
  if (state === undefined) {
    return 'must have is_open 0 or 1, and as sessions 09:30-11:30, 13:00-15:00 or both';
  }
  const before = states.get(day);
  return before === undefined || before === state ? undefined : `says something else about ${day} than an item before`;
}

const dayOf = (date: string): Day => date.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3');

function dense(states: ReadonlyMap<Day, number>): DayStates {
  const days = [...states.keys()].sort();
  const [from = '', to = ''] = [days[0], days.at(-1)];
  let text = '';
  for (let day = from; day <= to; day = addDays(day, 1)) text += String(states.get(day) ?? CLOSED);
  return { from, states: text };
}

function csvDays(text: string): ListedDay[] {
  const [header = '', ...lines] = text.split(/\r?\n/);
  const given = header.split(',').map(plain);
  const names = given.map((name) => name.toLowerCase());
  const date = names.findIndex((name) => DATE_COLUMNS.includes(name));
  if (date < 0)
    throw new Failure('invalid', `The first line must name the columns, one of them ${DATE_COLUMNS.join(', ')}`);
  refuseStrange(given, names);
  const [open, exchange] = [names.indexOf('is_open'), names.indexOf('exchange')];
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const cells = line.split(',').map(plain);
    const isOpen = open < 0 ? '1' : (cells[open] ?? '');
    const state = cells.length === names.length ? stateOfFlag(isOpen) : undefined;
    const about = exchange < 0 ? {} : { exchange: cells[exchange] ?? '' };
    return [{ pointer: `line ${index + 2}`, date: cells[date] ?? '', ...about, state }];
  });
}

/** @throws {Failure} when a column is not one of a list of trading days */
function refuseStrange(given: readonly string[], names: readonly string[]): void {
  const strange = strangeColumn(names);
  if (strange === undefined) return;
  const name = given[names.lastIndexOf(strange)]?.slice(0, 40) ?? '';
  const message = `names the column ${name}; a list of trading days has one of ${DATE_COLUMNS.join(', ')}, and may have is_open, exchange, pretrade_date and index, each once`;
  throw refused([{ pointer: 'line 1', code: problems.DATE_RANGE_INVALID, message }]);
}

const plain = (cell: string): string => cell.trim().replace(/^"(.*)"$/, '$1');

const stateOfFlag = (flag: string): number | undefined =>
  ({ '1': BOTH, '1.0': BOTH, true: BOTH, '0': CLOSED, '0.0': CLOSED, false: CLOSED })[flag.toLowerCase()];

function jsonDays(text: string): ListedDay[] {
  const { days } = JSON.parse(text) as { days?: unknown };
  if (!Array.isArray(days)) throw new Failure('invalid', 'days must be a list of {date,sessions?}');
  return days.map((day: unknown, index) => {
    const pointer = `/days/${index}`;
    if (typeof day !== 'object' || day === null) return { pointer, date: '', state: undefined };
    const { date, sessions, is_open: isOpen } = day as Record<string, unknown>;
    const state = sessions === undefined ? stateOfFlag(String(isOpen ?? '1')) : stateOfSessions(sessions);
    return { pointer, date: typeof date === 'string' ? date : '', state };
  });
}

/** `[{open,close}]` with times or whole instants, as GET /api/v2/calendar answers them; an empty list is a closed day. */
function stateOfSessions(sessions: unknown): number | undefined {
  if (!Array.isArray(sessions)) return undefined;
  let state = CLOSED;
  for (const session of sessions as unknown[]) {
    const { open, close } = (typeof session === 'object' && session !== null ? session : {}) as Record<string, unknown>;
    const bit = SESSIONS.get(`${clock(open)}-${clock(close)}`);
    if (bit === undefined) return undefined;
    state |= bit;
  }
  return state;
}

const clock = (time: unknown): string =>
  typeof time === 'string' ? (/^(?:\d{4}-\d\d-\d\dT)?(\d\d:\d\d)/.exec(time)?.[1] ?? '') : '';
