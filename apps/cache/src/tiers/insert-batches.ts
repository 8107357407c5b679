import { joinSql, sql, type Sql } from '@mystocks/connection-pool';

/** TDengine takes statements up to 1 MB (maxSQLLength). All of it is ASCII here: a character is a byte. */
const STATEMENT_BYTES_MAX = 1_000_000;

/** One INSERT for as many rows as fit, in their order. */
export function* batchesOf(rows: readonly Sql[], bytesMax = STATEMENT_BYTES_MAX): Generator<Sql> {
  let batch: Sql[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (batch.length > 0 && bytes + row.text.length > bytesMax) {
      yield sql`INSERT INTO ${joinSql(batch, ' ')}`;
      batch = [];
      bytes = 0;
    }
    batch.push(row);
    bytes += row.text.length + 1;
  }
  if (batch.length > 0) yield sql`INSERT INTO ${joinSql(batch, ' ')}`;
}
