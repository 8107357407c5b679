import { joinSql, sql, type Sql } from './literal.js';

/** TDengine takes statements up to 1 MB (maxSQLLength). */
const STATEMENT_BYTES_MAX = 1_000_000;

/** Rows of one child table. */
export interface TableRows {
  /** What names the table: `table USING stable TAGS (…) (columns) VALUES`. */
  readonly head: Sql;
  /** `(value,…)` each. */
  readonly rows: readonly Sql[];
}

/** INSERT statements with all rows in their order, each shorter than the limit. Their text must be ASCII. */
export function insertStatements(tables: Iterable<TableRows>, bytesMax = STATEMENT_BYTES_MAX): Sql[] {
  const statements: Sql[] = [];
  let [open, bytes] = [[] as Sql[], 0];
  const close = (): void => {
    if (open.length > 0) statements.push(sql`INSERT INTO ${joinSql(open, ' ')}`);
    [open, bytes] = [[], 'INSERT INTO '.length];
  };
  close();
  for (const { head, rows } of tables) {
    let isHeaded = false;
    for (const row of rows) {
      // ASCII: a character is a byte. Two for the blanks between.
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
