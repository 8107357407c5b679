import type { Day } from './china-time.js';

/** The first day of trading in Shanghai. */
export const FIRST_DAY: Day = '1990-12-19';

/**
 * Weekdays without trading before 2007, by year: days and ranges `first/last`. Compared with the calendar of the exchanges
 * (akfamily/akshare@0e7db00 file_fold/calendar.json, MIT).
 */
const CLOSURES: Readonly<Record<number, string>> = {
  1991: '01-01 02-15/02-18 05-01 10-01/10-02',
  1992: '01-01 02-04/02-06 05-01 10-01/10-02',
  1993: '01-01 01-25/01-26 10-01',
  1994: '02-07/02-11 05-02 10-03/10-04',
  1995: '01-02 01-30/02-03 05-01 10-02/10-03',
  1996: '01-01 02-19/03-01 05-01 09-30/10-02',
  1997: '01-01 02-03/02-14 05-01/05-02 06-30/07-01 10-01/10-03',
  1998: '01-01/01-02 01-26/02-06 05-01 10-01/10-02',
  1999: '01-01 02-10/02-26 05-03 10-01/10-07 12-20 12-31',
  2000: '01-03 01-31/02-11 05-01/05-05 10-02/10-06',
  2001: '01-01 01-22/02-02 05-01/05-07 10-01/10-05',
  2002: '01-01/01-03 02-11/02-22 05-01/05-07 09-30/10-07',
  2003: '01-01 01-30/02-07 05-01/05-09 10-01/10-07',
  2004: '01-01 01-19/01-28 05-03/05-07 10-01/10-07',
  2005: '01-03 02-07/02-15 05-02/05-06 10-03/10-07',
  2006: '01-02/01-03 01-26/02-03 05-01/05-05 10-02/10-06',
};

const closures = Object.entries(CLOSURES).flatMap(([year, days]) =>
  days.split(' ').map((range) => {
    const [first = '', last = first] = range.split('/');
    return { first: `${year}-${first}`, last: `${year}-${last}` };
  }),
);

/** Whether a weekday before 2007 was without trading. */
export const wasClosed = (day: Day): boolean => closures.some(({ first, last }) => day >= first && day <= last);

/**
 * Days on which Shenzhen traded and Shanghai did not: every Saturday of its first year, and the weekend days below, of
 * which real bars of stocks and of Shenzhen's index show.
 */
export const SHENZHEN_SATURDAYS = { first: '1990-12-22', last: '1991-12-28' } as const;
export const SHENZHEN_DAYS: readonly Day[] = [
  '1991-09-29',
  '1992-02-01',
  '1992-02-02',
  '1992-05-03',
  '1992-10-04',
  '1993-01-03',
  '1993-05-01',
  '1993-05-02',
];
