import type { Adjustment, Timeframe } from '@mystocks/contracts';

/** A prepared statement of this file; its parameters are listed at {@link barsStatement}. */
export interface BarsStatement {
  readonly name: string;
  readonly text: string;
}

/** Where the bars of a frame come from and how they are put together. */
type Shape = 'daily' | 'weekly' | 'monthly' | 'minute' | 'binned';
type Sort = 'asc' | 'desc';

const shapeOf: Readonly<Record<Timeframe, Shape>> = {
  '1Min': 'minute',
  '5Min': 'binned',
  '15Min': 'binned',
  '30Min': 'binned',
  '60Min': 'binned',
  '1Day': 'daily',
  '1Week': 'weekly',
  '1Month': 'monthly',
};

const fromDays = (rows: string): string => `
  SELECT b.day::timestamp AS t, b.day, b.open, b.high, b.low, b.close, b.volume, b.amount, b.adj_factor
  FROM market_data.bars_daily b
  WHERE b.instrument_id = w.id AND b.day BETWEEN $5::date AND $6::date
  ORDER BY b.day $SORT LIMIT ${rows}`;

const minuteColumns =
  'b.t, b.t::date AS day, b.open, b.high, b.low, b.close, b.volume, b.amount, NULL::numeric AS adj_factor';
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
const rowsFor: Readonly<Record<'weekly' | 'monthly' | 'binned', string>> = {
  weekly: `${groups} * 7`,
  monthly: `${groups} * 31`,
  binned: `${groups} * $9::int / p.finest + 17 * (${groups} * $9::int / 240 + 3)`,
};

const stored: Readonly<Record<Shape, string>> = {
  daily: fromDays('$7::int + 1'),
  weekly: fromDays(rowsFor.weekly),
  monthly: fromDays(rowsFor.monthly),
  minute: fromOneMinute('$7::int + 1'),
  binned: fromFrames(rowsFor.binned),
};

// Minutes since midnight, and of those since the session began; 11:30 is the 120th, 15:00 the 240th. Before the open joins the
// first bin, lunch the first of the afternoon, after the close the last.
const minuteOfDay = 'ceil(extract(epoch FROM t::time) / 60)::int';
const minuteOfTrading = `CASE WHEN ${minuteOfDay} <= 690 THEN greatest(${minuteOfDay} - 570, 1)
  ELSE least(greatest(${minuteOfDay} - 780, 1) + 120, 240) END`;
const binEnd = `(${minuteOfTrading} + $9::int - 1) / $9::int * $9::int`;

const groupOf: Readonly<Record<'weekly' | 'monthly' | 'binned', string>> = {
  weekly: "date_trunc('week', t)",
  monthly: "date_trunc('month', t)",
  binned: `day + make_interval(mins => ${binEnd} + CASE WHEN ${binEnd} <= 120 THEN 570 ELSE 660 END)`,
};

// A stored bar has its own factor or that of the last day before it that has one; an index (w.fixed) is never adjusted.
// Without any factor up to the day there is none: the price becomes NULL, and the whole page is refused.
const factorOf = (day: string): string => `(SELECT p.adj_factor FROM market_data.bars_daily p
  WHERE p.instrument_id = w.id AND p.day <= ${day} AND p.adj_factor IS NOT NULL ORDER BY p.day DESC LIMIT 1)`;
const newest = `newest AS (SELECT CASE WHEN w.fixed THEN 1 ELSE ${factorOf('w.known_to')} END AS factor)`;
const factorOn = (day: string, own: string): string =>
  `CASE WHEN w.fixed THEN 1 WHEN n.factor IS NULL THEN NULL ELSE coalesce(${own}, ${factorOf(day)}) END AS factor`;
const factored: Readonly<Record<'days' | 'minutes', string>> = {
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
const priced: Readonly<Record<Adjustment, string>> = {
  raw: 'SELECT * FROM stored',
  hfq: adjusted((price) => `round(${price} * factor, 4)`),
  // The whole quotient, rounded once, half away from zero: a division of numerics would round before round does.
  qfq: adjusted((price) => `div(${price} * factor * 20000 + newest, newest * 2) * 0.0001`),
};

const whole = (rows: string): string => `
  SELECT t, open, high, low, close, volume, amount, false AS filled FROM (${rows}) priced
  WHERE t BETWEEN $3::timestamp AND $4::timestamp`;

const grouped = (rows: string, shape: 'weekly' | 'monthly' | 'binned'): string => `
  SELECT * FROM (
    SELECT ${shape === 'binned' ? 'g' : 'max(t)'} AS t, (array_agg(open ORDER BY t))[1] AS open, max(high) AS high, min(low) AS low,
      (array_agg(close ORDER BY t DESC))[1] AS close, sum(volume) AS volume,
      CASE WHEN count(amount) = count(*) THEN sum(amount) END AS amount, bool_or(filled) AS filled
    FROM (
      SELECT *, count(*) OVER () >= ${rowsFor[shape]} AS filled, $LAST(g) OVER () AS last
      FROM (SELECT *, ${groupOf[shape]} AS g FROM (${rows}) priced) marked
    ) marked
    WHERE NOT (filled AND g = last)
    GROUP BY g
  ) bar
  WHERE t BETWEEN $3::timestamp AND $4::timestamp ORDER BY t $SORT LIMIT $7::int + 1`;

const stamp = (of: string): string => `to_char(${of}, 'YYYY-MM-DD"T"HH24:MI:SS')`;
// Decimals are stored as they were written; 10.20 and 10.2 are one number and one answer, whatever the store.
const plain = (column: string): string => `trim_scale(b.${column})`;
const line = `'{"t":"' || ${stamp('b.t')} || '+08:00","o":' || ${plain('open')} || ',"h":' || ${plain('high')} || ',"l":' || ${plain('low')}
  || ',"c":' || ${plain('close')} || ',"v":' || b.volume || ',"amt":' || coalesce(${plain('amount')}::text, 'null') || '}'`;

function textOf(shape: Shape, adjustment: Adjustment, sort: Sort): string {
  const rows = priced[adjustment];
  const factors =
    adjustment === 'raw' ? '' : `, ${factored[shape === 'minute' || shape === 'binned' ? 'minutes' : 'days']}`;
  const bars = shape === 'daily' || shape === 'minute' ? whole(rows) : grouped(rows, shape);
  // The frames that are stored for the range; each symbol has its own.
  const pick = `CROSS JOIN LATERAL (SELECT array_agg(m) AS frames, min(m) AS finest FROM unnest($10::smallint[]) m
      WHERE EXISTS (SELECT FROM market_data.bars_minute b WHERE b.instrument_id = w.id AND b.minutes = m
        AND b.t BETWEEN $5::timestamp AND $6::timestamp)) p`;
  const text = `
    WITH wanted AS (SELECT w.*, $8::date AS known_to FROM unnest($1::int[], $2::boolean[]) WITH ORDINALITY AS w (id, fixed, place)),
    bars AS MATERIALIZED (
      SELECT w.place, b.*, row_number() OVER (PARTITION BY w.place ORDER BY b.t $SORT) AS n
      FROM wanted w ${shape === 'binned' ? pick : ''}
      CROSS JOIN LATERAL (WITH stored AS MATERIALIZED (${stored[shape]})${factors} ${bars}) b
    ),
    edge AS (
      SELECT $FIRST(t) AS t FROM (
        SELECT CASE WHEN max(n) > $7::int THEN $LAST(t) FILTER (WHERE n <= $7::int) WHEN bool_or(filled) THEN $LAST(t) END AS t
        FROM bars GROUP BY place) ends
    )
    SELECT b.place::int - 1 AS place, string_agg(${line}, ',' ORDER BY b.n) AS bars, count(*)::int AS total,
      count(b.open)::int AS priced, ${stamp('max(b.t)')} AS newest, ${stamp('min(e.t)')} AS edge
    FROM bars b CROSS JOIN edge e
    WHERE b.n <= $7::int AND (e.t IS NULL OR b.t ${sort === 'asc' ? '<=' : '>='} e.t)
    GROUP BY b.place ORDER BY b.place`;
  return text
    .replaceAll('$SORT', sort)
    .replaceAll('$FIRST', sort === 'asc' ? 'min' : 'max')
    .replaceAll('$LAST', sort === 'asc' ? 'max' : 'min');
}

const statements = new Map<string, BarsStatement>();
for (const shape of Object.keys(stored) as Shape[]) {
  for (const adjustment of Object.keys(priced) as Adjustment[]) {
    for (const sort of ['asc', 'desc'] as const) {
      const name = `bars-${shape}-${adjustment}-${sort}`;
      statements.set(name, { name, text: textOf(shape, adjustment, sort) });
    }
  }
}

/**
 * The statement for a frame, one of 30 fixed texts. Parameters: 1 instrument ids, 2 which of them are never adjusted, 3-4 first and
 * last stamp of the answer, 5-6 the same of the stored bars behind it (whole weeks, months, days), 7 bars a symbol,
 * 8 last day whose factor counts; for minute frames above one minute also 9 minutes of the frame, 10 frames it can be made of.
 */
export function barsStatement(timeframe: Timeframe, adjustment: Adjustment, sort: Sort): BarsStatement {
  const statement = statements.get(`bars-${shapeOf[timeframe]}-${adjustment}-${sort}`);
  if (statement === undefined) throw new Error(`no statement for ${timeframe} ${adjustment} ${sort}`);
  return statement;
}
