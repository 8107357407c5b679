/**
 * Every acknowledged commit lies before it: it was flushed first, unless the server was told to commit asynchronously.
 * The insert position would always do, but runs ahead by what nobody has committed yet, and no replica has that.
 */
export const POSITION = `CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()
  ELSE pg_current_wal_flush_lsn() END`;

export const ASK_POSITION = { name: 'position', text: `SELECT (${POSITION})::text AS lsn` };
