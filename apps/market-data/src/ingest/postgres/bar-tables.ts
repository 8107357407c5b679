/** The statements that store rows in one table of bars. */
export interface BarTable {
  /** Straight into the table. */
  readonly copy: string;
  readonly probeName: string;
  /** Does any bar of these instruments ($1) stand between their first ($2) and last ($3) stamps? */
  readonly probe: string;
  /**
   * Merges rows with what stands between two stamps ($1, $2): which of them were inserted and which changed something,
   * counted from 1. The rows come as the text of one array a column, which may be given as bytes.
   */
  readonly merge: string;
  /**
   * Stores rows where no bar stands; of a bar that stands only the optional values change. Takes what `merge` takes, and
   * answers the rows that changed something, counted from 1, with the values of their bars.
   */
  readonly fill: string;
  /** Takes what `merge` takes, and answers the places of the rows that would change something. */
  readonly changing: string;
  /** The first cells of a row say which bar it is: how many of them. */
  readonly keyCells: number;
}

interface Column {
  readonly name: string;
  readonly type: string;
}

interface Shape {
  readonly table: string;
  readonly key: readonly Column[];
  /** The key's column of time. */
  readonly stamp: Column;
  readonly values: readonly Column[];
  /** Values that a file may lack; the stored value is kept then. */
  readonly optional: readonly Column[];
}

const column = (name: string, type: string): Column => ({ name, type });
const instrument = column('instrument_id', 'int');
const day = column('day', 'date');
const stamp = column('t', 'timestamp');
const prices = [...['open', 'high', 'low', 'close'].map((name) => column(name, 'numeric')), column('volume', 'bigint')];
const amount = column('amount', 'numeric');

const names = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(', ');

export const tables = {
  daily: statements({
    table: 'bars_daily',
    key: [instrument, day],
    stamp: day,
    values: prices,
    optional: [
      amount,
      column('pre_close', 'numeric'),
      column('adj_factor', 'numeric'),
      column('trade_status', 'smallint'),
    ],
  }),
  minute: statements({
    table: 'bars_minute',
    key: [instrument, column('minutes', 'smallint'), stamp],
    stamp,
    values: prices,
    optional: [amount],
  }),
} as const;

function statements({ table, key, stamp: { name: time, type }, values, optional }: Shape): BarTable {
  const all = [...key, ...values, ...optional];
  const target = `market_data.${table}`;
  const shape = { table: target, key, stamp: column(time, type), values, optional };
  return {
    copy: `COPY ${target} (${names(all)}) FROM STDIN`,
    probeName: `${table}-stands-any`,
    probe: `SELECT EXISTS (SELECT FROM unnest($1::int[], $2::${type}[], $3::${type}[]) AS i(id, first, last), LATERAL (
      SELECT FROM ${target} b WHERE b.instrument_id = i.id AND b.${time} BETWEEN i.first AND i.last LIMIT 1) AS found) AS any`,
    merge: mergeOf(shape),
    keyCells: key.length,
    fill: fillOf(shape),
    changing: `SELECT place::int FROM (${changedOf(shape)}) AS changed`,
  };
}

function fillOf({ table, key, stamp: { name: time, type }, values, optional }: Shape): string {
  const all = [...key, ...values, ...optional];
  const arrays = all.map((one, at) => `$${at + 3}::text::${one.type}[]`).join(', ');
  const sameBar = key.map(({ name }) => `b.${name} = s.${name}`).join(' AND ');
  const differs = optional.map(
    ({ name }) => `(excluded.${name} IS NOT NULL AND excluded.${name} IS DISTINCT FROM b.${name})`,
  );
  const assignments = optional.map(({ name }) => `${name} = coalesce(excluded.${name}, b.${name})`);
  const given = [...values, ...optional].map(({ name }) => `b.${name}::text`);
  // A separate part of the statement finds out whether a bar was stored before, because the rows that an insert into a
  // partitioned table returns do not show it.
  return `WITH given AS MATERIALIZED (
      SELECT s.*, b.instrument_id IS NULL AS fresh FROM unnest(${arrays}) WITH ORDINALITY AS s(${names(all)}, place)
      LEFT JOIN ${table} b ON ${sameBar} AND b.${time} BETWEEN $1::${type} AND $2::${type}),
    filled AS (
      INSERT INTO ${table} AS b (${names(all)}) SELECT ${names(all)} FROM given ORDER BY ${names(key)}
      ON CONFLICT (${names(key)}) DO UPDATE SET ${assignments.join(', ')} WHERE ${differs.join(' OR ')}
      RETURNING ${key.map(({ name }) => `b.${name}`).join(', ')}, ARRAY[${given.join(', ')}] AS cells)
    SELECT given.place::int, given.fresh, filled.cells FROM filled JOIN given USING (${names(key)})`;
}

/** The given rows that differ from what stands. */
function changedOf({ table, key, stamp: { name: time, type }, values, optional }: Shape): string {
  const all = [...key, ...values, ...optional];
  const arrays = all.map((one, at) => `$${at + 3}::text::${one.type}[]`).join(', ');
  const sameBar = key.map(({ name }) => `b.${name} = s.${name}`).join(' AND ');
  const differs = [
    ...values.map(({ name }) => `s.${name} IS DISTINCT FROM b.${name}`),
    ...optional.map(({ name }) => `(s.${name} IS NOT NULL AND s.${name} IS DISTINCT FROM b.${name})`),
  ].join(' OR ');
  return `SELECT s.*, b.instrument_id IS NULL AS fresh FROM unnest(${arrays}) WITH ORDINALITY AS s(${names(all)}, place)
      LEFT JOIN ${table} b ON ${sameBar} AND b.${time} BETWEEN $1::${type} AND $2::${type}
      WHERE b.instrument_id IS NULL OR ${differs}`;
}

function mergeOf(shape: Shape): string {
  const { table, key, values, optional } = shape;
  const all = [...key, ...values, ...optional];
  const assignments = [
    ...values.map(({ name }) => `${name} = excluded.${name}`),
    ...optional.map(({ name }) => `${name} = coalesce(excluded.${name}, b.${name})`),
  ].join(', ');
  // Unchanged rows are skipped, because an upsert that changes nothing still locks and logs every row. Rows are written in
  // the order of their keys, so that two merges cannot deadlock.
  return `WITH changed AS MATERIALIZED (
      ${changedOf(shape)}),
    stored AS (
      INSERT INTO ${table} AS b (${names(all)}) SELECT ${names(all)} FROM changed ORDER BY ${names(key)}
      ON CONFLICT (${names(key)}) DO UPDATE SET ${assignments})
    SELECT coalesce(array_agg(place::int) FILTER (WHERE fresh), '{}') AS inserted,
      coalesce(array_agg(place::int) FILTER (WHERE NOT fresh), '{}') AS updated FROM changed`;
}
