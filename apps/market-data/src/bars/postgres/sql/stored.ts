import { suspendedSql } from './suspended-sql.js';
import { completedDays } from './days.js';
import { chosenOfDay, contradicts, daysOfMinutes } from './frames.js';
import { coversSession } from './session.js';
import type { GroupedShape, Shape, Sources } from './shape.js';

type Sort = 'asc' | 'desc';
type Rows = Readonly<Record<Sources, (rows: string, sort: Sort) => string>>;

const dailyBars = (rows: string): string => `
  SELECT b.day::timestamp AS t, b.day, b.open, b.high, b.low, b.close, b.volume, b.amount,
    ${suspendedSql('b')} AS suspended, false AS conflict, false AS made, false AS cut
  FROM market_data.bars_daily b
  WHERE b.instrument_id = w.id AND b.day BETWEEN $5::date AND $6::date
  ORDER BY b.day $SORT LIMIT ${rows}`;
const fromDays: Rows = {
  one: dailyBars,
  several: (rows, sort) => completedDays(dailyBars(rows), rows, sort),
};

const minuteColumns = (conflict: string): string =>
  `b.t, b.t::date AS day, b.minutes, b.open, b.high, b.low, b.close, b.volume, b.amount, ${conflict} AS conflict`;
const minuteBars = (minutes: string, rows: string, where = 'true'): string => `
  SELECT ${minuteColumns('false')} FROM market_data.bars_minute b
  WHERE ${where} AND b.instrument_id = w.id AND b.minutes = ${minutes} AND b.t BETWEEN $5::timestamp AND $6::timestamp
  ORDER BY b.t $SORT LIMIT ${rows}`;
/** Minute bars, each day of them compared with its daily bar. A part of a day can only be more than the daily bar says. */
const comparedMinutes = (bars: string): string => `
  WITH own AS MATERIALIZED (${bars}),
  clashing AS MATERIALIZED (SELECT f.day FROM (SELECT b.day, max(b.high) AS high, min(b.low) AS low, sum(b.volume) AS volume,
      sum(b.minutes) FILTER (WHERE ${coversSession('b.t')}) >= 240 AS whole FROM own b GROUP BY b.day) f
    JOIN market_data.bars_daily d ON d.instrument_id = w.id AND d.day = f.day WHERE ${contradicts('d', 'f')})
  SELECT t, day, open, high, low, close, volume, amount, false AS suspended, conflict OR day IN (SELECT day FROM clashing) AS conflict,
    false AS made, false AS cut FROM own`;
// Several frames are put together one day after another until there are rows enough: a lateral join keeps the order of the
// days, and ends with the last row that is wanted.
const fromFrames: Rows = {
  one: (rows) => comparedMinutes(minuteBars('w.finest', rows, 'cardinality(w.frames) = 1')),
  several: (rows, sort) =>
    comparedMinutes(`
    SELECT b.* FROM (${daysOfMinutes('w.frames', '$5::timestamp', '$6::timestamp', sort)}) d CROSS JOIN LATERAL (
      SELECT ${minuteColumns('b.conflict')} FROM (${chosenOfDay('d.day', 'w.frames')}) b
      WHERE b.t BETWEEN $5::timestamp AND $6::timestamp ORDER BY b.t $SORT) b
    LIMIT ${rows}`),
};

// A group that the row limit may have cut is left out; it begins the next page. The three spare groups are the one that
// is left out, the one that shows whether there is more, and one that lies outside the range.
const groups = '($7::int + 3)';

// Rows that surely hold the groups of a page. Once a day a bin also holds the 17 minutes from 09:15 to 09:30 and 13:00. Where
// bins are missing there are more of those a bin; such a page is shorter, but never empty: there is room for three of the largest.
export const rowsFor: Readonly<Record<GroupedShape, string>> = {
  weekly: `${groups} * 7`,
  monthly: `${groups} * 31`,
  minute: `${groups} + 17 * (${groups} / 240 + 3)`,
  binned: `${groups} * $9::int / w.finest + 17 * (${groups} * $9::int / 240 + 3)`,
};

/** The stored rows that bars are made of, as `t, day, open … amount, suspended, conflict, made, cut`; `$SORT` is the order of the page. */
export function storedRows(shape: Shape, sources: Sources, sort: Sort): string {
  switch (shape) {
    case 'daily':
      return fromDays[sources]('($7::int + 1)', sort);
    case 'weekly':
    case 'monthly':
      return fromDays[sources](`(${rowsFor[shape]})`, sort);
    case 'minute':
      return comparedMinutes(minuteBars('1', sources === 'one' ? '$7::int + 1' : `(${rowsFor.minute})`));
    case 'binned':
      return fromFrames[sources](rowsFor.binned, sort);
  }
}

/** The newest two days of an instrument, as a page of days shows them; none is compared with its minutes. No parameters. */
export const newestTwoDays = storedRows('daily', 'several', 'desc')
  .replaceAll('$5', "'-infinity'")
  .replaceAll('$6', "'infinity'")
  .replaceAll('$7', '1')
  .replaceAll('$9', '2')
  .replaceAll('$10', '0')
  .replaceAll('$SORT', 'desc')
  .replaceAll('$FIRST', 'max');
