import { joinSql, sql, type Sql } from '@mystocks/connection-pool';
import type { Series } from './series-names.js';

/** TDengine takes statements up to 1 MB (maxSQLLength). */
const STATEMENT_BYTES_MAX = 1_000_000;

/** Rows of one series, each with a literal for every column. */
export interface SeriesRows {
  readonly series: Series;
  readonly rows: readonly (readonly Sql[])[];
}

/** Multi-row statements that insert all rows into `stable`, each below the limit. */
export function insertStatements(
  { stable, columns }: { readonly stable: Sql; readonly columns: Sql },
  given: Iterable<SeriesRows>,
  bytesMax: number = STATEMENT_BYTES_MAX,
): Sql[] {
  const statements: Sql[] = [];
  let [open, bytes] = [[] as Sql[], 0];
  const close = (): void => {
    if (open.length > 0) statements.push(sql`INSERT INTO ${joinSql(open, ' ')}`);
    [open, bytes] = [[], 'INSERT INTO '.length];
  };
  close();
  for (const { series, rows } of given) {
    const head = sql`${series.table} USING ${stable} TAGS (${joinSql(series.tags, ',')}) (${columns}) VALUES`;
    let isHeaded = false;
    for (const row of rows.map((values) => sql`(${joinSql(values, ',')})`)) {
      // All of it is ASCII: a character is a byte. Two for the blanks between.
      const size = row.text.length + (isHeaded ? 0 : head.text.length) + 2;
      if (bytes + size > bytesMax && open.length > 0) {
        close();
        isHeaded = false;
      }
      const parts = isHeaded ? [row] : [head, row];
      open.push(...parts);
      bytes += parts.reduce((sum, { text }) => sum + text.length + 1, 0);
      isHeaded = true;
    }
  }
  close();
  return statements;
}
