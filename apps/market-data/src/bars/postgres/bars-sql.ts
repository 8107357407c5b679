import { zoneSql } from './sql/zone-sql.js';
import type { Adjustment } from '@mystocks/contracts';
import { suspendedMemberSql } from './sql/suspended-sql.js';
import { factored, priced } from './sql/factors.js';
import { framesBetween, hasMinutes } from './sql/frames.js';
import { grouped, whole } from './sql/grouped.js';
import { inOrder } from './sql/order.js';
import { isBeforeFirstMinute } from './sql/session.js';
import { shapeOf, shapes, type Shape, type Sources } from './sql/shape.js';
import type { BarsQuestion } from '../stored/bars.repository.js';
import { storedRows } from './sql/stored.js';

/** A prepared statement of this file; its parameters are listed at {@link barsStatement}. */
export interface BarsStatement {
  readonly name: string;
  readonly text: string;
}

interface Variant {
  readonly shape: Shape;
  readonly sources: Sources;
  readonly adjustment: Adjustment;
  readonly sort: 'asc' | 'desc';
  readonly ends: 'each' | 'together';
}

const stamp = (of: string): string => `to_char(${of}, 'YYYY-MM-DD"T"HH24:MI:SS')`;
// Decimals are stored as they were written; 10.20 and 10.2 are one number and one answer, whatever the store.
const plain = (column: string): string => `trim_scale(b.${column})`;
const line = `'{"t":"' || ${stamp('b.t')} || ${zoneSql('b.t')} || '","o":' || ${plain('open')} || ',"h":' || ${plain('high')} || ',"l":' || ${plain('low')}
  || ',"c":' || ${plain('close')} || ',"v":' || b.volume || ',"amt":' || coalesce(${plain('amount')}::text, 'null')
  || ${suspendedMemberSql('b.suspended')} || '}'`;

// The frames that are stored for the days of the range; each symbol has its own. Whole days: what answers for an hour must not
// depend on where a page begins.
const pick = framesBetween('$10::smallint[]', '$5::timestamp::date', '$6::timestamp::date + 1');

/** True where the rows of one source are not all that the page of an instrument is made of. */
const needsSeveral: Readonly<Record<Shape, string>> = {
  daily: `bool_or(${hasMinutes}) FROM wanted w`,
  weekly: `bool_or(${hasMinutes}) FROM wanted w`,
  monthly: `bool_or(${hasMinutes}) FROM wanted w`,
  // Also of the row after the page: it may belong to the last bar of it.
  minute: `bool_or(${isBeforeFirstMinute('a.t')}) FROM bars a`,
  binned: 'bool_or(cardinality(w.frames) > 1) FROM wanted w',
};

function textOf({ shape, sources, adjustment, sort, ends }: Variant): string {
  const rows = priced[adjustment];
  const factors = adjustment === 'raw' ? '' : `, ${factored[adjustment]}`;
  const bars = shape === 'daily' || (shape === 'minute' && sources === 'one') ? whole(rows) : grouped(rows, shape);
  const text = `
    WITH wanted AS (
      SELECT * FROM (SELECT w.*, $8::date AS known_to FROM unnest($1::int[], $2::boolean[]) WITH ORDINALITY AS w (id, fixed, place)) w
      ${shape === 'binned' ? `CROSS JOIN LATERAL (${pick}) p` : ''}),
    bars AS MATERIALIZED (
      SELECT w.place, b.*, row_number() OVER (PARTITION BY w.place ORDER BY b.t $SORT) AS n
      FROM wanted w
      CROSS JOIN LATERAL (WITH stored AS MATERIALIZED (${storedRows(shape, sources, sort)})${factors} ${bars}) b
    ),
    edge AS (
      SELECT $FIRST(t) AS t FROM (
        SELECT CASE WHEN max(n) > $7::int THEN $LAST(t) FILTER (WHERE n <= $7::int) WHEN bool_or(filled) THEN $LAST(t) END AS t
        FROM bars GROUP BY place) ends
    )
    SELECT b.place::int - 1 AS place, string_agg(${line}, ',' ORDER BY b.n) AS bars, count(*)::int AS total,
      count(b.open)::int AS priced, bool_or(b.conflict) AS conflict, bool_or(b.made) AS made, ${stamp('max(b.t)')} AS newest, ${stamp('min(e.t)')} AS edge,
      ${sources === 'one' ? `(SELECT ${needsSeveral[shape]})` : 'false'} AS partial
    FROM bars b CROSS JOIN edge e
    WHERE b.n <= $7::int ${ends === 'each' ? '' : `AND (e.t IS NULL OR b.t ${sort === 'asc' ? '<=' : '>='} e.t)`}
    GROUP BY b.place ORDER BY b.place`;
  return inOrder(text, sort);
}

const statements = new Map<string, BarsStatement>();
const nameOf = ({ shape, sources, adjustment, sort, ends }: Variant): string =>
  `bars-${shape}-${sources}-${adjustment}-${sort}${ends === 'each' ? '-each' : ''}`;
for (const shape of shapes) {
  for (const sources of ['one', 'several'] as const) {
    const variants: Variant[] = (Object.keys(priced) as Adjustment[]).flatMap((adjustment) =>
      (['asc', 'desc'] as const).map((sort) => ({ shape, sources, adjustment, sort, ends: 'together' as const })),
    );
    variants.push({ shape, sources, adjustment: 'raw', sort: 'desc', ends: 'each' });
    for (const variant of variants) {
      const name = nameOf(variant);
      statements.set(name, { name, text: textOf(variant) });
    }
  }
}

/**
 * The statement for a frame, one of 70 fixed texts. Parameters: 1 instrument ids, 2 which of them are never adjusted, 3-4 first and
 * last stamp of the answer, 5-6 the same of the stored bars behind it (whole weeks, months, days), 7 bars a symbol,
 * 8 last day whose factor counts; for minute frames above one minute also 9 minutes of the frame, 10 frames it can be made of;
 * for days and more that are made of several sources 9 how many days are made of minute bars, 10 how many are compared with them.
 *
 * A page of one source says whether it is `partial`: then, and where it is empty, the statement of several sources answers.
 * An empty page of minutes is whole, but one that begins inside the opening auction is read by that statement at once.
 */
export function barsStatement(
  { timeframe, adjustment, sort, ends = 'together' }: Pick<BarsQuestion, 'timeframe' | 'adjustment' | 'sort' | 'ends'>,
  sources: Sources,
): BarsStatement {
  const name = nameOf({ shape: shapeOf[timeframe], sources, adjustment, sort, ends });
  const statement = statements.get(name);
  if (statement === undefined) throw new Error(`there is no statement ${name}`);
  return statement;
}
