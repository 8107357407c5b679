import type { Adjustment } from '@mystocks/contracts';
import { daysOfMinutes } from './frames.js';
import { inOrder } from './order.js';

/*
 * The factor of a day is the latest one up to it: of the factors that came with daily bars (adj_factor) and of those given by
 * ex-date (market_data.factors); on the same day that of the bar. A gap, an ex-day without a factor, ends that: from there on
 * the factor is not known until the next one. Between two daily bars it is known only where both have the same one, or an ex-date
 * says when it changed: days that have only minute bars lie there. An index (w.fixed) is never adjusted.
 *
 * Each part reads the daily bars of an instrument once and in their order, so that the time grows linearly with the rows.
 */

const isOf = (alias: string): string => `${alias}.instrument_id = w.id AND NOT w.fixed`;

/** The day and the value of the latest factor up to a day. */
const latest = (until: string): string => `SELECT * FROM (
    (SELECT d.day, d.adj_factor, 1 FROM market_data.bars_daily d
      WHERE ${isOf('d')} AND d.day <= ${until} AND d.adj_factor IS NOT NULL ORDER BY d.day DESC LIMIT 1)
    UNION ALL
    (SELECT f.ex_date, f.factor, 0 FROM market_data.factors f
      WHERE ${isOf('f')} AND f.ex_date <= ${until} ORDER BY f.ex_date DESC LIMIT 1)) AS l (day, factor, place)
  ORDER BY day DESC, place DESC LIMIT 1`;

/** The day of the daily bar before the latest factor up to a day: from there on it shows whether the bar after it is a gap. */
const since = (until: string): string => `SELECT coalesce((SELECT max(d.day) FROM market_data.bars_daily d
    WHERE ${isOf('d')} AND d.day < l.day), l.day) FROM (${latest(until)}) l`;

/**
 * The daily bars from one day to another. A bar without a factor is a gap when its previous close is another price than the
 * close of the bar before it; prices are rounded to the fen. The first bar has none before it. A factor by ex-date explains the
 * difference if it stands on the day of the bar, or after the bar before it and is another one than counted until then.
 */
const days = (from: string, to: string): string => `SELECT day, day_before, adj_factor AS factor,
    CASE WHEN adj_factor IS NULL AND abs(pre_close - close_before) >= 0.005 THEN NOT EXISTS (SELECT FROM market_data.factors f
      WHERE ${isOf('f')} AND f.ex_date > day_before AND f.ex_date <= day AND CASE WHEN f.ex_date = day THEN true
        ELSE f.factor IS DISTINCT FROM (SELECT l.factor FROM (${latest('day_before')}) l) END) ELSE false END AS gap
  FROM (SELECT d.day, d.adj_factor, d.pre_close, lag(d.day) OVER byday AS day_before, lag(d.close) OVER byday AS close_before
    FROM market_data.bars_daily d WHERE ${isOf('d')} AND d.day BETWEEN ${from} AND ${to} WINDOW byday AS (ORDER BY d.day)) d`;

/** The factor of the last day that counts, if it is known. */
const newest = `newest AS MATERIALIZED (SELECT CASE WHEN w.fixed THEN 1 ELSE (
    SELECT l.factor FROM (${latest('w.known_to')}) l
    WHERE NOT EXISTS (SELECT FROM (${days(`(${since('w.known_to')})`, 'w.known_to')}) d WHERE d.gap)) END AS factor)`;

/**
 * The days from one to another on which the factor becomes another one, or unknown (NULL). Where it changes somewhere between two
 * daily bars it is unknown from the day after the first one, or after the last ex-date between them (`until` the second one).
 */
const steps = (from: string, to: string): string => `SELECT s.* FROM (
    SELECT *, lag(factor) OVER inorder AS before, lag(day) OVER inorder AS day_marked FROM (
      SELECT f.ex_date AS day, 0 AS place, f.factor, NULL::date AS day_before FROM market_data.factors f
        WHERE ${isOf('f')} AND f.ex_date BETWEEN ${from} AND ${to}
      UNION ALL SELECT d.day, 1, d.factor, d.day_before FROM (${days(from, to)}) d WHERE d.factor IS NOT NULL OR d.gap) given
    WINDOW inorder AS (ORDER BY day, place)) m
  CROSS JOIN LATERAL (SELECT m.day, m.place, m.factor, NULL::date AS until
    UNION ALL SELECT greatest(m.day_before, m.day_marked) + 1, 1, NULL, m.day WHERE m.day_before IS NOT NULL
      AND m.before IS NOT NULL AND m.day - greatest(m.day_before, m.day_marked) > 1) s
  WHERE m.factor IS DISTINCT FROM m.before`;

/** The steps behind a page, as two arrays in their order; the daily bar after the page shows a change before it. */
const line = `span AS MATERIALIZED (
    SELECT coalesce((${since('p.first')}), p.first) AS first, coalesce((SELECT min(d.day)
      FROM market_data.bars_daily d WHERE ${isOf('d')} AND d.day > p.last AND d.day <= w.known_to), p.last) AS last
    FROM (SELECT min(day) AS first, max(day) AS last FROM stored) p
  ), line AS MATERIALIZED (
    SELECT array_agg(day ORDER BY day, place) AS days, array_agg(factor ORDER BY day, place) AS factors
    FROM span p CROSS JOIN LATERAL (${steps('p.first', 'p.last')}) s
  )`;

const factorOfDay = 'CASE WHEN w.fixed THEN 1 ELSE l.factors[width_bucket(s.day, l.days)] END';

/** Adds the factor of its day, and the newest one for `qfq`, to each row of `stored`, and whether four decimals suffice. */
export const factored: Readonly<Record<Exclude<Adjustment, 'raw'>, string>> = {
  hfq: `${line}, factored AS MATERIALIZED (SELECT *, low * factor >= 0.01 AS plain FROM (
    SELECT s.*, ${factorOfDay} AS factor FROM stored s CROSS JOIN line l) f)`,
  qfq: `${newest}, ${line}, factored AS MATERIALIZED (
    SELECT *, factor = newest AS same, factor * 20000 AS up, newest * 2 AS down, low * factor >= newest * 0.01 AS plain FROM (
      SELECT s.*, n.factor AS newest, ${factorOfDay} AS factor FROM stored s CROSS JOIN line l CROSS JOIN newest n) f)`,
};

const prices = ['open', 'high', 'low', 'close'];
const adjusted = (by: (price: string) => string): string => `
  SELECT t, day, ${prices.map((price) => `${by(price)} AS ${price}`).join(', ')}, volume, amount, suspended, conflict, made, cut FROM factored`;

// Below 0.01 as many decimals as three digits need. The whole part of the number times 10^40 shows how small it is.
const fine = (product: string, divisor: string): string => `(
  SELECT div(${product} * 2 * ('1e' || k)::numeric + ${divisor}, ${divisor} * 2) * ('1e-' || k)::numeric
  FROM (SELECT greatest(4, 43 - length(div(${product} * 1e40, ${divisor})::text)) AS k) decimals)`;

/** The rows of `stored` with the prices that an adjustment gives them. */
export const priced: Readonly<Record<Adjustment, string>> = {
  raw: 'SELECT * FROM stored',
  hfq: adjusted(
    (price) => `CASE WHEN plain THEN round(${price} * factor, 4) ELSE ${fine(`${price} * factor`, '1')} END`,
  ),
  // The whole quotient, rounded once, half away from zero: a division of numerics would round before round does.
  qfq: adjusted(
    (
      price,
    ) => `CASE WHEN plain THEN CASE WHEN same THEN round(${price}, 4) ELSE div(${price} * up + newest, down) * 0.0001 END
      ELSE ${fine(`${price} * factor`, 'newest')} END`,
  ),
};

const firstMadeDay = daysOfMinutes(
  "'{1,5,15,30,60}'::smallint[]",
  's.day::timestamp',
  "s.until::timestamp - interval '1 second'",
  'asc',
);

/** All steps of one instrument ($1) up to a day ($2). Where no minute bar lies between two daily bars, nothing there is unknown. */
export const stepsStatement = {
  name: 'bars-factor-steps',
  text: inOrder(
    `SELECT to_char(coalesce(m.day, s.day), 'YYYY-MM-DD') AS day, s.factor::float8 AS factor
    FROM (SELECT $1::int AS id, false AS fixed) w CROSS JOIN LATERAL (${steps("'-infinity'", '$2::date')}) s
    LEFT JOIN LATERAL (SELECT m.day FROM (${firstMadeDay}) m WHERE s.until IS NOT NULL LIMIT 1) m ON true
    WHERE s.until IS NULL OR m.day IS NOT NULL ORDER BY s.day, s.place`,
    'asc',
  ),
};
