import { binOfMinute, coversSession, hourOf, minuteOfTrading } from './session.js';

/*
 * Minute bars of one instrument (w.id) that are stored in several frames. Each hour of the session is answered by one frame:
 * the one that covers most minutes of the hour; of two that cover as many, the one that covers more of the day, then the
 * coarser one. An hour has one source and every frame ends with its hours: whatever frame is made of a day, its volume is
 * the same.
 */

/**
 * The bars of a day in these frames, as `b`. Each frame is looked up by itself (OFFSET 0): for a list of frames, or a join with it,
 * PostgreSQL may read the index of all days instead.
 */
export const barsOfDay = (
  day: string,
  frames: string,
): string => `unnest(${frames}) frame (minutes) CROSS JOIN LATERAL (SELECT b.* FROM market_data.bars_minute b
  WHERE b.instrument_id = w.id AND b.minutes = frame.minutes AND b.t >= ${day}::timestamp AND b.t < (${day} + 1)::timestamp OFFSET 0) b`;
/** How many bars cover minutes of the session. */
export const inSession = `count(*) FILTER (WHERE ${coversSession('b.t')})`;
// Of rows with `hour`, `minutes`, `covered` and `cover`, the minutes of the session that the frame covers in the hour and on the day.
const best =
  'first_value(minutes) OVER (PARTITION BY hour ORDER BY least(60, covered) DESC, cover DESC, minutes DESC) AS best';

/**
 * True where `fine`, bars inside the time of the bar `coarse`, cannot be of the same trades. Feeds differ a little: rounding
 * is allowed for, and what a sampled feed misses (at most 5 % of a day's volume and 0.7 % of a price in real files).
 */
export const contradicts = (coarse: string, fine: string): string => `(${fine}.high > ${coarse}.high * 1.0001
  OR ${fine}.low < ${coarse}.low * 0.9999 OR ${fine}.volume > ${coarse}.volume * 1.0001
  OR (${fine}.whole AND (${fine}.high < ${coarse}.high * 0.98 OR ${fine}.low > ${coarse}.low * 1.02
    OR ${fine}.volume < ${coarse}.volume * 0.9)))`;

/** Whether two frames of a day contradict each other, bar by bar of the coarser one. */
export const conflictOfDay = (day: string, frames: string): string => `(cardinality(${frames}) > 1 AND EXISTS (
    WITH bars AS MATERIALIZED (SELECT b.*, ${minuteOfTrading('b.t')} AS minute FROM ${barsOfDay(day, frames)})
    SELECT FROM (
      SELECT c.minutes AS coarse, ${binOfMinute('b.minute', 'c.minutes')} AS bin, max(b.high) AS high, min(b.low) AS low, sum(b.volume) AS volume,
        ${inSession} * b.minutes >= c.minutes AS whole
      FROM bars b JOIN unnest(${frames}) c (minutes) ON c.minutes > b.minutes GROUP BY c.minutes, bin, b.minutes) f
    JOIN bars b ON b.minutes = f.coarse AND ${binOfMinute('b.minute', 'b.minutes')} = f.bin AND ${contradicts('b', 'f')}))`;

/** The bars that answer for a day, with `conflict`. */
export const chosenOfDay = (day: string, frames: string): string => `
  WITH clash AS MATERIALIZED (SELECT ${conflictOfDay(day, frames)} AS conflict)
  SELECT c.*, clash.conflict FROM (SELECT *, ${best} FROM (
    SELECT b.*, ${hourOf('b.t')} AS hour, ${inSession} OVER (PARTITION BY b.minutes, ${hourOf('b.t')}) * b.minutes AS covered, least(240, ${inSession} OVER (PARTITION BY b.minutes) * b.minutes) AS cover
    FROM ${barsOfDay(day, frames)}) b) c CROSS JOIN clash WHERE minutes = best`;

/** No bar is stored before its time; that spares a look into the partitions of years to come. */
export const SOON = "localtimestamp + interval '2 days'";

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

/**
 * Those of `minutes` that have a bar from one time to before another, and the finest. The limit makes PostgreSQL look for one bar
 * of each frame; an EXISTS may be answered by a join over all of them.
 */
export const framesBetween = (
  minutes: string,
  from: string,
  to: string,
): string => `SELECT array_agg(m.minutes) AS frames, min(m.minutes) AS finest FROM unnest(${minutes}) m (minutes)
  CROSS JOIN LATERAL (SELECT FROM market_data.bars_minute b WHERE b.instrument_id = w.id AND b.minutes = m.minutes
    AND b.t >= ${from} AND b.t < ${to} LIMIT 1) b`;
