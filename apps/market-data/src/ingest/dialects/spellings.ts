/** A day and, where it is given, a time, in our own spelling: `2024-06-14` and `09:31:00`. */
export interface Stamp {
  readonly date: string;
  readonly time: string;
}

const SEPARATED = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.0+)?)?(?:\+08:?00)?)?$/;
const DIGITS = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(?:(\d{2})(?:000)?)?)?$/;
const MONTH_FIRST = /^(\d{2})[-/](\d{2})[-/](\d{4})$/;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.0+)?)?$/;
const CLOCK_DIGITS = /^(\d{1,2})(\d{2})$/;

const two = (text: string): string => text.padStart(2, '0');

/** Reads a day, perhaps with a time, as other sources write them; undefined for anything else. */
export function readStamp(text: string, options: { readonly monthFirst: boolean }): Stamp | undefined {
  const separated = SEPARATED.exec(text);
  if (separated !== null) {
    const [, year = '', , month = '', day = '', ...clock] = separated;
    return { date: `${year}-${two(month)}-${two(day)}`, time: timeOf(clock) };
  }
  const digits = DIGITS.exec(text);
  if (digits !== null) {
    const [, year = '', month = '', day = '', ...clock] = digits;
    return { date: `${year}-${month}-${day}`, time: timeOf(clock) };
  }
  const monthFirst = options.monthFirst ? MONTH_FIRST.exec(text) : null;
  if (monthFirst === null) return undefined;
  const [, month = '', day = '', year = ''] = monthFirst;
  return { date: `${year}-${month}-${day}`, time: '' };
}

/** Reads a time of the day: `0935`, `935`, `9:35`, or 17 digits of baostock, whose first eight are the day. */
export function readClock(text: string): string | undefined {
  const clock = CLOCK.exec(text) ?? CLOCK_DIGITS.exec(text);
  if (clock !== null) return timeOf(clock.slice(1));
  const time = readStamp(text, { monthFirst: false })?.time;
  return time === '' ? undefined : time;
}

function timeOf([hour, minute, second]: readonly (string | undefined)[]): string {
  if (hour === undefined || minute === undefined) return '';
  return `${two(hour)}:${minute}:${second ?? '00'}`;
}
