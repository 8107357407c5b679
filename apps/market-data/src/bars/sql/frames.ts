import { binEnd, coversSession, hourOf } from './session.js';

/*
 * Minute bars of one instrument (w.id) that are stored in several frames. Each hour of the session is answered by one frame:
 * the one that covers most minutes of the hour; of two that cover as many, the one that covers more of the day, then the
 * coarser one. An hour has one source and every frame ends with its hours: whatever frame is made of a day, its volume is
 * the same.
 */

const barsOfDay = (day: string, frames: string): string => `market_data.bars_minute b
  WHERE b.instrument_id = w.id AND b.minutes = ANY (${frames}) AND b.t >= ${day}::timestamp AND b.t < (${day} + 1)::timestamp`;
const inSession = `count(*) FILTER (WHERE ${coversSession('b.t')})`;
// Of rows with `hour`, `minutes`, `covered` and `cover`, the minutes of the session that the frame covers in the hour and on the day.
const best =
  'first_value(minutes) OVER (PARTITION BY hour ORDER BY least(60, covered) DESC, cover DESC, minutes DESC) AS best';

/**
 * True where `fine`, bars inside the time of the bar `coarse`, cannot be of the same trades. Feeds differ a little: rounding
 * is allowed for, and what a sampled feed misses (at most 5 % of a day's volume and 0.7 % of a price in real files).
 */
const contradicts = (coarse: string, fine: string): string => `(${fine}.high > ${coarse}.high * 1.0001
  OR ${fine}.low < ${coarse}.low * 0.9999 OR ${fine}.volume > ${coarse}.volume * 1.0001
  OR (${fine}.whole AND (${fine}.high < ${coarse}.high * 0.98 OR ${fine}.low > ${coarse}.low * 1.02
    OR ${fine}.volume < ${coarse}.volume * 0.9)))`;

/** Whether two frames of a day contradict each other, bar by bar of the coarser one. */
const conflictOfDay = (day: string, frames: string): string => `(cardinality(${frames}) > 1 AND EXISTS (
    WITH bars AS MATERIALIZED (SELECT b.* FROM ${barsOfDay(day, frames)})
    SELECT FROM (
      SELECT c.minutes AS coarse, ${binEnd('b.t', 'c.minutes')} AS bin, max(b.high) AS high, min(b.low) AS low, sum(b.volume) AS volume,
        ${inSession} * b.minutes >= c.minutes AS whole
      FROM bars b JOIN unnest(${frames}) c (minutes) ON c.minutes > b.minutes GROUP BY c.minutes, bin, b.minutes) f
    JOIN bars b ON b.minutes = f.coarse AND ${binEnd('b.t', 'b.minutes')} = f.bin AND ${contradicts('b', 'f')}))`;

/** The bars that answer for a day, with `conflict`. */
export const chosenOfDay = (day: string, frames: string): string => `
  WITH clash AS MATERIALIZED (SELECT ${conflictOfDay(day, frames)} AS conflict)
  SELECT c.*, clash.conflict FROM (SELECT *, ${best} FROM (
    SELECT b.*, ${hourOf('b.t')} AS hour, ${inSession} OVER (PARTITION BY b.minutes, ${hourOf('b.t')}) * b.minutes AS covered, least(240, ${inSession} OVER (PARTITION BY b.minutes) * b.minutes) AS cover
    FROM ${barsOfDay(day, frames)}) b) c CROSS JOIN clash WHERE minutes = best`;

/** One bar of a whole day, made hour by hour; without a row where there is no minute bar. */
const madeOfDay = (day: string, frames: string): string => `
  SELECT (array_agg(open ORDER BY hour))[1] AS open, max(high) AS high, min(low) AS low, (array_agg(close ORDER BY hour DESC))[1] AS close,
    sum(volume)::bigint AS volume, CASE WHEN bool_and(amount IS NOT NULL) THEN sum(amount) END AS amount, sum(covered) >= 240 AS whole,
    ${conflictOfDay(day, frames)} AS conflict
  FROM (SELECT *, ${best} FROM (
    SELECT *, least(240, sum(covered) OVER (PARTITION BY minutes)) AS cover FROM (
      SELECT b.minutes, ${hourOf('b.t')} AS hour, (array_agg(b.open ORDER BY b.t))[1] AS open, max(b.high) AS high, min(b.low) AS low,
        (array_agg(b.close ORDER BY b.t DESC))[1] AS close, sum(b.volume) AS volume,
        CASE WHEN count(b.amount) = count(*) THEN sum(b.amount) END AS amount, ${inSession} * b.minutes AS covered
      FROM ${barsOfDay(day, frames)} GROUP BY b.minutes, hour) h) h) h
  WHERE minutes = best HAVING count(*) > 0`;

/** No bar is stored before its time; that spares a look into the partitions of years to come. */
const SOON = "localtimestamp + interval '2 days'";

/** True where an instrument has minute bars among those that a page of days can be made of. */
export const hasMinutes = `EXISTS (SELECT FROM market_data.bars_minute b WHERE b.instrument_id = w.id
  AND b.t >= $5::timestamp AND b.t < $6::date + 1 AND b.t <= ${SOON})`;

/** True where an instrument has minute bars from a time on; one look into the index for each frame. */
export const hasMinutesFrom = (from: string): string => `EXISTS (
  SELECT FROM unnest('{1,5,15,30,60}'::smallint[]) m WHERE EXISTS (SELECT FROM market_data.bars_minute b
    WHERE b.instrument_id = w.id AND b.minutes = m AND b.t >= ${from} AND b.t <= ${SOON}))`;

/** Days that have minute bars between two times, both included, in the order of `$SORT`; found one after another by the index. */
export const daysOfMinutes = (frames: string, from: string, to: string, sort: 'asc' | 'desc'): string => {
  const next = (
    lower: string,
    upper: string,
  ): string => `(SELECT $FIRST(n.t)::date FROM unnest(${frames}) f (minutes) CROSS JOIN LATERAL (
      SELECT b.t FROM market_data.bars_minute b WHERE b.instrument_id = w.id AND b.minutes = f.minutes
        AND b.t >= ${lower} AND b.t <= ${upper} AND b.t <= ${SOON} ORDER BY b.t $SORT LIMIT 1) n)`;
  const rest =
    sort === 'asc' ? next('(d.day + 1)::timestamp', to) : next(from, "d.day::timestamp - interval '1 second'");
  return `WITH RECURSIVE d (day) AS (SELECT ${next(from, to)} UNION ALL SELECT ${rest} FROM d WHERE d.day IS NOT NULL)
    SELECT day FROM d WHERE day IS NOT NULL`;
};

/** Frames of which there are bars from the first day of `span` to its last. */
const framesIn = (span: string): string => `(SELECT array_agg(m) FROM unnest('{1,5,15,30,60}'::smallint[]) m
  WHERE EXISTS (SELECT FROM market_data.bars_minute b WHERE b.instrument_id = w.id AND b.minutes = m
    AND b.t >= ${span}.lo::timestamp AND b.t < (${span}.hi + 1)::timestamp AND b.t <= ${SOON}))`;

/**
 * The rows of `standing`, daily bars, and bars made of minute bars for days that have no daily bar. Days are looked for only
 * in the gaps between daily bars, and a weekend is none. The newest of the daily bars ($9 of them) are compared with the
 * minutes of their day.
 */
export const completedDays = (standing: string, rows: string, sort: 'asc' | 'desc'): string => {
  const cut = (end: string, otherwise: string): string =>
    `CASE WHEN count(*) >= ${rows} THEN ${end} ELSE ${otherwise} END`;
  const [from, to] = ['$5::date', '$6::date'];
  const span =
    sort === 'asc' ? `${from} AS lo, ${cut('max(day)', to)} AS hi` : `${cut('min(day)', from)} AS lo, ${to} AS hi`;
  return `WITH standing AS MATERIALIZED (${standing}), span AS MATERIALIZED (SELECT ${span} FROM standing),
    minutes AS MATERIALIZED (SELECT ${framesIn('s')} AS frames FROM span s),
    gaps AS (SELECT coalesce(before + 1, s.lo)::timestamp AS lo, coalesce(day, s.hi + 1)::timestamp - interval '1 second' AS hi
      FROM span s CROSS JOIN (
        SELECT day, lag(day) OVER (ORDER BY day) AS before FROM (SELECT day FROM standing UNION ALL SELECT NULL) x) g
      WHERE before IS NULL OR day IS NULL OR (day - before > 1 AND NOT (day - before = 3 AND extract(isodow FROM before) = 5))),
    missing AS (SELECT m.day FROM minutes i CROSS JOIN gaps g
      CROSS JOIN LATERAL (${daysOfMinutes('i.frames', 'g.lo', 'g.hi', sort)} LIMIT ${rows}) m ORDER BY m.day $SORT LIMIT ${rows}),
    conflicts AS MATERIALIZED (SELECT s.day FROM minutes i CROSS JOIN (SELECT * FROM standing ORDER BY day DESC LIMIT $9::int) s
      CROSS JOIN LATERAL (${madeOfDay('s.day', 'i.frames')}) f WHERE f.conflict OR ${contradicts('s', 'f')})
    SELECT t, day, open, high, low, close, volume, amount, adj_factor, suspended, day IN (SELECT day FROM conflicts) AS conflict, false AS made
    FROM standing
    UNION ALL
    SELECT m.day::timestamp, m.day, f.open, f.high, f.low, f.close, f.volume, f.amount, NULL::numeric,
      f.volume = 0 AND f.high = f.low AND f.open = f.low AND f.close = f.low, f.conflict, true
    FROM minutes i CROSS JOIN missing m CROSS JOIN LATERAL (${madeOfDay('m.day', 'i.frames')}) f
    ORDER BY day $SORT LIMIT ${rows}`;
};
