import { addDays, weekday, type Day, type DayStates } from '@mystocks/calendar';
import { Failure, type StoredCalendar } from '@mystocks/contracts';

/** The longest closure that the exchanges ever had; a list that leaves out more days has a gap or begins too late. */
const CLOSURE_MAX_DAYS = 20;
const LISTED_MAX = 1_000;

export const lastDay = ({ from, states }: DayStates): Day => addDays(from, states.length - 1);
const stateOn = ({ from, states }: DayStates, day: Day): string | undefined => states[daysBetween(from, day)];
const daysBetween = (from: Day, to: Day): number => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);

/**
 * The days to write when a list is stored into the calendar: those of the list, and those between the calendar's end and
 * the list, which are closed.
 * @throws {Failure} `unprocessable` for a list that begins before the calendar does or leaves out too many days
 */
export function daysToWrite(held: DayStates, list: DayStates): DayStates {
  if (list.from < held.from) {
    throw unprocessable(`The calendar begins on ${held.from}, the list on ${list.from}`);
  }
  const next = addDays(lastDay(held), 1);
  const between = Math.max(0, daysBetween(next, list.from));
  const written = { from: addDays(list.from, -between), states: `${'0'.repeat(between)}${list.states}` };
  const closure = longestClosure(held, written);
  if (closure > CLOSURE_MAX_DAYS) {
    const why = between > 0 ? `; it must go on from ${next}, where the calendar ends` : '';
    throw unprocessable(
      `The list leaves out ${closure} days in a row, with the closed days before and after it; the exchanges were never closed for more than ${CLOSURE_MAX_DAYS}${why}`,
    );
  }
  return written;
}

/** The most days in a row without trading that the calendar would have in or beside the written days. */
function longestClosure(held: DayStates, written: DayStates): number {
  const before = held.states.slice(0, daysBetween(held.from, written.from));
  const after = held.states.slice(daysBetween(held.from, lastDay(written)) + 1);
  const around = `${/0*$/.exec(before)?.[0] ?? ''}${written.states}${/^0*/.exec(after)?.[0] ?? ''}`;
  return Math.max(...(around.match(/0+/g) ?? []).map(({ length }) => length), 0);
}

const unprocessable = (message: string): Failure =>
  new Failure('unprocessable', `${message}. Nothing of the list was stored`, { problem: 'DATE_RANGE_INVALID' });

/** Returns how many days change when these days are written, and the first ones that become open or closed. */
export function changesOf(held: DayStates, written: DayStates): Pick<StoredCalendar, 'changed' | 'opened' | 'closed'> {
  const [opened, closed]: [Day[], Day[]] = [[], []];
  let changed = 0;
  for (const [index, state] of [...written.states].entries()) {
    const day = addDays(written.from, index);
    const before = stateOn(held, day);
    if (state === before) continue;
    changed += 1;
    const wasOpen = before === undefined ? weekday(day) < 5 : before !== '0';
    if (wasOpen !== (state !== '0')) (wasOpen ? closed : opened).push(day);
  }
  return { changed, opened: opened.slice(0, LISTED_MAX), closed: closed.slice(0, LISTED_MAX) };
}

/** The part of a calendar that lies beyond the end of the stored one; undefined when there is none. */
export function beyond(held: DayStates | undefined, builtIn: DayStates): DayStates | undefined {
  if (held === undefined) return builtIn;
  const known = daysBetween(builtIn.from, lastDay(held)) + 1;
  if (known >= builtIn.states.length) return undefined;
  return { from: addDays(builtIn.from, known), states: builtIn.states.slice(known) };
}
