/** The statements that store rows in one table of bars. */
export interface BarTable {
  /** Straight into the table. */
  readonly copy: string;
  readonly probeName: string;
  /** Does any bar of these instruments ($1) stand between their first ($2) and last ($3) stamps? */
  readonly probe: string;
  readonly makeStage: string;
  readonly clearStage: string;
  readonly copyStage: string;
  /** Merges the stage between two stamps ($1, $2): row numbers that were inserted and that changed what stood. */
  readonly merge: string;
}

interface Shape {
  readonly table: string;
  readonly key: readonly string[];
  /** The key's column of time, and its type. */
  readonly stamp: string;
  readonly type: string;
  readonly values: readonly string[];
  /** Values a file may not have: what stands is kept then. */
  readonly optional: readonly string[];
}

const prices = ['open', 'high', 'low', 'close', 'volume'];

export const tables = {
  daily: statements({
    table: 'bars_daily',
    key: ['instrument_id', 'day'],
    stamp: 'day',
    type: 'date',
    values: prices,
    optional: ['amount', 'pre_close', 'adj_factor', 'trade_status'],
  }),
  minute: statements({
    table: 'bars_minute',
    key: ['instrument_id', 'minutes', 't'],
    stamp: 't',
    type: 'timestamp',
    values: prices,
    optional: ['amount'],
  }),
} as const;

function statements({ table, key, stamp, type, values, optional }: Shape): BarTable {
  const columns = [...key, ...values, ...optional].join(', ');
  const target = `market_data.${table}`;
  const stage = `pg_temp.${table}_stage`;
  const differs = [
    ...values.map((name) => `s.${name} IS DISTINCT FROM b.${name}`),
    ...optional.map((name) => `(s.${name} IS NOT NULL AND s.${name} IS DISTINCT FROM b.${name})`),
  ].join(' OR ');
  const assignments = [
    ...values.map((name) => `${name} = excluded.${name}`),
    ...optional.map((name) => `${name} = coalesce(excluded.${name}, b.${name})`),
  ].join(', ');
  const sameBar = key.map((name) => `b.${name} = s.${name}`).join(' AND ');
  return {
    copy: `COPY ${target} (${columns}) FROM STDIN`,
    probeName: `${table}-stands-any`,
    probe: `SELECT EXISTS (SELECT FROM unnest($1::int[], $2::${type}[], $3::${type}[]) AS i(id, first, last), LATERAL (
      SELECT FROM ${target} b WHERE b.instrument_id = i.id AND b.${stamp} BETWEEN i.first AND i.last LIMIT 1) AS found) AS any`,
    makeStage: `CREATE TEMP TABLE IF NOT EXISTS ${table}_stage ON COMMIT DELETE ROWS AS
      SELECT 0 AS row_number, ${columns} FROM ${target} WITH NO DATA`,
    clearStage: `DELETE FROM ${stage}`,
    copyStage: `COPY ${stage} (row_number, ${columns}) FROM STDIN`,
    // Unchanged rows are left alone: an upsert that changes nothing would still lock and log every row.
    merge: `WITH changed AS MATERIALIZED (
        SELECT s.*, b.instrument_id IS NULL AS fresh FROM ${stage} s
        LEFT JOIN ${target} b ON ${sameBar} AND b.${stamp} BETWEEN $1::${type} AND $2::${type}
        WHERE b.instrument_id IS NULL OR ${differs}),
      stored AS (
        INSERT INTO ${target} AS b (${columns}) SELECT ${columns} FROM changed ORDER BY ${key.join(', ')}
        ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${assignments})
      SELECT coalesce(array_agg(row_number) FILTER (WHERE fresh), '{}') AS inserted,
        coalesce(array_agg(row_number) FILTER (WHERE NOT fresh), '{}') AS updated FROM changed`,
  };
}
