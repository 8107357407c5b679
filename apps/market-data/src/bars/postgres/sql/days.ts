import { barsOfDay, conflictOfDay, contradicts, daysOfMinutes, framesBetween, inSession, SOON } from './frames.js';
import { hourOf } from './session.js';

/*
 * Days of one instrument (w.id): daily bars, and bars made of minute bars for days that have no daily bar. The minutes of all
 * these days are read once and put together hour by hour, so that a day costs what its rows cost. Of a page only so many days
 * are made ($9) and so many daily bars compared with their minutes ($10).
 */

/** Frames of which there are bars from the first day of `span` to its last. */
const framesIn = (span: string): string =>
  framesBetween("'{1,5,15,30,60}'::smallint[]", `${span}.lo::timestamp`, `least((${span}.hi + 1)::timestamp, ${SOON})`);

/** The hours of a day by frame: what their bars are together, and the first and last stamp. */
const hoursOf = (
  day: string,
  frames: string,
): string => `SELECT b.minutes, ${hourOf('b.t')} AS hour, max(b.high) AS high, min(b.low) AS low, sum(b.volume) AS volume,
    CASE WHEN count(b.amount) = count(*) THEN sum(b.amount) END AS amount, ${inSession} * b.minutes AS covered,
    min(b.t) AS first, max(b.t) AS last
  FROM ${barsOfDay(day, frames)} GROUP BY b.minutes, hour`;

/** Of the rows of `hours` those that answer for their hour, as one row a day. */
const dayOfHours = `SELECT day, max(high) AS high, min(low) AS low, sum(volume)::bigint AS volume,
    CASE WHEN bool_and(amount IS NOT NULL) THEN sum(amount) END AS amount, sum(covered) >= 240 AS whole, bool_or(frames > 1) AS several,
    min(first) AS first, max(last) AS last, (array_agg(minutes ORDER BY hour))[1] AS opens, (array_agg(minutes ORDER BY hour DESC))[1] AS closes
  FROM (SELECT *, first_value(minutes) OVER (PARTITION BY day, hour ORDER BY least(60, covered) DESC, cover DESC, minutes DESC) AS best,
      count(*) OVER (PARTITION BY day, hour) AS frames
    FROM (SELECT *, least(240, sum(covered) OVER (PARTITION BY day, minutes)) AS cover FROM hours) h) h
  WHERE minutes = best GROUP BY day`;

/** The price that begins or ends a day. */
const priceOf = (
  price: 'open' | 'close',
  minutes: string,
  t: string,
): string => `(SELECT b.${price} FROM market_data.bars_minute b
  WHERE b.instrument_id = w.id AND b.minutes = ${minutes} AND b.t = ${t})`;

/**
 * The rows of `standing`, daily bars, and bars made of minute bars for days that have no daily bar. Days are looked for only
 * in the gaps between daily bars, and a weekend is none. Where not all of them are made, the rows end before the first that is not
 * (`cut`). The newest of the daily bars whose days have minutes are compared with those.
 */
export const completedDays = (standing: string, rows: string, sort: 'asc' | 'desc'): string => {
  const end = (day: string, otherwise: string): string =>
    `CASE WHEN count(*) >= ${rows} THEN ${day} ELSE ${otherwise} END`;
  const [from, to] = ['$5::date', '$6::date'];
  const span =
    sort === 'asc' ? `${from} AS lo, ${end('max(day)', to)} AS hi` : `${end('min(day)', from)} AS lo, ${to} AS hi`;
  const isBefore = (day: string): string =>
    `${day} ${sort === 'asc' ? '<' : '>'} coalesce(c.day, ${sort === 'asc' ? "'infinity'" : "'-infinity'"})`;
  return `WITH standing AS MATERIALIZED (${standing}), span AS MATERIALIZED (SELECT ${span} FROM standing),
    minutes AS MATERIALIZED (SELECT f.frames FROM span s CROSS JOIN LATERAL (${framesIn('s')}) f),
    gaps AS MATERIALIZED (SELECT coalesce(before + 1, s.lo)::timestamp AS lo, coalesce(day, s.hi + 1)::timestamp - interval '1 second' AS hi
      FROM span s CROSS JOIN (
        SELECT day, lag(day) OVER (ORDER BY day) AS before FROM (SELECT day FROM standing UNION ALL SELECT NULL) x) g
      WHERE before IS NULL OR day IS NULL OR (day - before > 1 AND NOT (day - before = 3 AND extract(isodow FROM before) = 5))),
    missing AS MATERIALIZED (SELECT m.day, row_number() OVER (ORDER BY m.day $SORT) AS n FROM (
      SELECT m.day FROM minutes i CROSS JOIN (SELECT * FROM gaps ORDER BY lo $SORT) g
        CROSS JOIN LATERAL (${daysOfMinutes('i.frames', 'g.lo', 'g.hi', sort)} LIMIT least($9::int + 1, ${rows})) m LIMIT least($9::int + 1, ${rows})) m),
    cut AS MATERIALIZED (SELECT max(day) AS day FROM missing WHERE n > $9::int),
    kept AS MATERIALIZED (SELECT s.* FROM standing s CROSS JOIN cut c WHERE ${isBefore('s.day')}),
    compared AS MATERIALIZED (SELECT s.* FROM minutes i CROSS JOIN (SELECT * FROM kept ORDER BY day DESC) s
      CROSS JOIN LATERAL (SELECT FROM ${barsOfDay('s.day', 'i.frames')} LIMIT 1) b LIMIT $10::int),
    hours AS MATERIALIZED (SELECT d.day, h.* FROM minutes i
      CROSS JOIN (SELECT day FROM missing WHERE n <= $9::int UNION ALL SELECT day FROM compared) d
      CROSS JOIN LATERAL (${hoursOf('d.day', 'i.frames')}) h),
    days AS MATERIALIZED (SELECT d.*, d.several AND ${conflictOfDay('d.day', 'i.frames')} AS conflict FROM minutes i CROSS JOIN (${dayOfHours}) d),
    conflicts AS MATERIALIZED (SELECT s.day FROM compared s JOIN days f ON f.day = s.day WHERE f.conflict OR ${contradicts('s', 'f')})
    SELECT t, day, open, high, low, close, volume, amount, suspended, day IN (SELECT day FROM conflicts) AS conflict, false AS made,
      (SELECT day IS NOT NULL FROM cut) AS cut
    FROM kept
    UNION ALL
    SELECT f.day::timestamp, f.day, f.open, f.high, f.low, f.close, f.volume, f.amount,
      f.volume = 0 AND f.high = f.low AND f.open = f.low AND f.close = f.low, f.conflict, true, (SELECT day IS NOT NULL FROM cut)
    FROM (SELECT d.*, ${priceOf('open', 'd.opens', 'd.first')} AS open, ${priceOf('close', 'd.closes', 'd.last')} AS close
      FROM days d WHERE day IN (SELECT day FROM missing)) f
    ORDER BY day $SORT LIMIT ${rows}`;
};
