import type { Adjustment } from '@mystocks/contracts';

// A stored bar has its own factor or that of the last day before it that has one; an index (w.fixed) is never adjusted.
// Without any factor up to the day there is none: the price becomes NULL, and the whole page is refused.
const factorOf = (day: string): string => `(SELECT p.adj_factor FROM market_data.bars_daily p
  WHERE p.instrument_id = w.id AND p.day <= ${day} AND p.adj_factor IS NOT NULL ORDER BY p.day DESC LIMIT 1)`;
const newest = `newest AS (SELECT CASE WHEN w.fixed THEN 1 ELSE ${factorOf('w.known_to')} END AS factor)`;
const factorOn = (day: string, own: string): string =>
  `CASE WHEN w.fixed THEN 1 WHEN n.factor IS NULL THEN NULL ELSE coalesce(${own}, ${factorOf(day)}) END AS factor`;
/** Adds the factors to the rows of `stored`. */
export const factored: Readonly<Record<'days' | 'minutes', string>> = {
  days: `${newest}, factored AS (SELECT s.*, n.factor AS newest, ${factorOn('s.day', 's.adj_factor')} FROM stored s CROSS JOIN newest n)`,
  // Looked up once a day and joined by the few stretches of days with one factor: 240 bars a day share it.
  minutes: `${newest}, daily AS (
      SELECT s.day, ${factorOn('s.day', 'NULL')} FROM (SELECT DISTINCT day FROM stored) s CROSS JOIN newest n
    ), stretch AS MATERIALIZED (
      SELECT day AS since, lead(day, 1, 'infinity') OVER (ORDER BY day) AS until, factor
      FROM (SELECT *, lag(factor) OVER (ORDER BY day) AS before FROM daily) d WHERE factor IS DISTINCT FROM before
    ), factored AS (
      SELECT s.*, n.factor AS newest, f.factor
      FROM stored s CROSS JOIN newest n LEFT JOIN stretch f ON s.day >= f.since AND s.day < f.until
    )`,
};
const prices = ['open', 'high', 'low', 'close'];
const adjusted = (by: (price: string) => string): string => `
  SELECT t, day, ${prices.map((price) => `${by(price)} AS ${price}`).join(', ')}, volume, amount FROM factored`;
/** The rows of `stored` with the prices that an adjustment gives them. */
export const priced: Readonly<Record<Adjustment, string>> = {
  raw: 'SELECT * FROM stored',
  hfq: adjusted((price) => `round(${price} * factor, 4)`),
  // The whole quotient, rounded once, half away from zero: a division of numerics would round before round does.
  qfq: adjusted((price) => `div(${price} * factor * 20000 + newest, newest * 2) * 0.0001`),
};
