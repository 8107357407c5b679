import { suspendedSql } from '../../timeseries/suspended-sql.js';
import type { GroupedShape, Shape } from './shape.js';

const fromDays = (rows: string): string => `
  SELECT b.day::timestamp AS t, b.day, b.open, b.high, b.low, b.close, b.volume, b.amount, b.adj_factor,
    ${suspendedSql('b')} AS suspended, false AS conflict
  FROM market_data.bars_daily b
  WHERE b.instrument_id = w.id AND b.day BETWEEN $5::date AND $6::date
  ORDER BY b.day $SORT LIMIT ${rows}`;

const minuteColumns =
  'b.t, b.t::date AS day, b.open, b.high, b.low, b.close, b.volume, b.amount, NULL::numeric AS adj_factor, false AS suspended, false AS conflict';
const fromOneMinute = (rows: string): string => `
  SELECT ${minuteColumns} FROM market_data.bars_minute b
  WHERE b.instrument_id = w.id AND b.minutes = 1 AND b.t BETWEEN $5::timestamp AND $6::timestamp
  ORDER BY b.t $SORT LIMIT ${rows}`;

// Of every day the coarsest frame that is stored for it: where one frame follows another in time, none hides the other.
const fromFrames = (rows: string): string => `
  SELECT frame.* FROM unnest(p.frames) f (minutes) CROSS JOIN LATERAL (
    SELECT ${minuteColumns} FROM market_data.bars_minute b
    WHERE b.instrument_id = w.id AND b.minutes = f.minutes AND b.t BETWEEN $5::timestamp AND $6::timestamp
      AND (cardinality(p.frames) = 1 OR NOT EXISTS (SELECT FROM market_data.bars_minute c
        WHERE c.instrument_id = w.id AND c.minutes = ANY (p.frames) AND c.minutes > f.minutes
          AND c.t >= b.t::date AND c.t < b.t::date + 1))
    ORDER BY b.t $SORT LIMIT ${rows}) frame
  ORDER BY frame.t $SORT LIMIT ${rows}`;

// A group that the row limit may have cut is left out; it begins the next page. The three spare groups are the one that
// is left out, the one that tells whether there is more, and one that lies outside the range.
const groups = '($7::int + 3)';

// Rows that surely hold the groups of a page. Once a day a bin also holds the 17 minutes from 09:15 to 09:30 and 13:00. Where
// bins are missing there are more of those a bin; such a page is shorter, but never empty: there is room for three of the largest.
export const rowsFor: Readonly<Record<GroupedShape, string>> = {
  weekly: `${groups} * 7`,
  monthly: `${groups} * 31`,
  binned: `${groups} * $9::int / p.finest + 17 * (${groups} * $9::int / 240 + 3)`,
};

/** The stored rows that bars are made of, as `t, day, open … adj_factor`; `$SORT` is the order of the page. */
export const stored: Readonly<Record<Shape, string>> = {
  daily: fromDays('$7::int + 1'),
  weekly: fromDays(rowsFor.weekly),
  monthly: fromDays(rowsFor.monthly),
  minute: fromOneMinute('$7::int + 1'),
  binned: fromFrames(rowsFor.binned),
};
