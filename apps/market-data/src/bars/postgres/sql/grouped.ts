import { binEnd, isBeforeFirstMinute } from './session.js';
import type { GroupedShape } from './shape.js';
import { rowsFor } from './stored.js';

const end = binEnd('t', '$9::int');

const groupOf: Readonly<Record<GroupedShape, string>> = {
  weekly: "date_trunc('week', t)",
  monthly: "date_trunc('month', t)",
  minute: `CASE WHEN ${isBeforeFirstMinute('t')} THEN day + time '09:31' ELSE t END`,
  binned: `day + make_interval(mins => ${end} + CASE WHEN ${end} <= 120 THEN 570 ELSE 660 END)`,
};

/** Each row is a bar. */
export const whole = (rows: string): string => `
  SELECT t, open, high, low, close, volume, amount, suspended, conflict, made, cut AS filled FROM (${rows}) priced
  WHERE t BETWEEN $3::timestamp AND $4::timestamp`;

// A price that is not known makes that of the bar unknown.
const known = (order: string): string =>
  `CASE WHEN count(open) = count(*) THEN (array_agg(open ORDER BY ${order}))[1] END AS open`;
// A suspended day has no part in the prices of its week or month, unless there is no other day in it.
const ofPeriod = `max(t) AS t, ${known('suspended, t')},
      coalesce(max(high) FILTER (WHERE NOT suspended), max(high)) AS high,
      coalesce(min(low) FILTER (WHERE NOT suspended), min(low)) AS low,
      (array_agg(close ORDER BY suspended, t DESC))[1] AS close, bool_and(suspended) AS suspended`;
const ofBin = `g AS t, ${known('t')}, max(high) AS high, min(low) AS low,
      (array_agg(close ORDER BY t DESC))[1] AS close, false AS suspended`;

/** Rows of one week, month, bin or first minute are a bar. */
export const grouped = (rows: string, shape: GroupedShape): string => `
  SELECT * FROM (
    SELECT ${shape === 'binned' || shape === 'minute' ? ofBin : ofPeriod}, sum(volume) AS volume, bool_or(conflict) AS conflict, bool_or(made) AS made,
      CASE WHEN count(amount) = count(*) THEN sum(amount) END AS amount, bool_or(filled) AS filled
    FROM (
      SELECT *, cut OR count(*) OVER () >= ${rowsFor[shape]} AS filled, $LAST(g) OVER () AS last
      FROM (SELECT *, ${groupOf[shape]} AS g FROM (${rows}) priced) marked
    ) marked
    WHERE NOT (filled AND g = last)
    GROUP BY g
  ) bar
  WHERE t BETWEEN $3::timestamp AND $4::timestamp ORDER BY t $SORT LIMIT $7::int + 1`;
