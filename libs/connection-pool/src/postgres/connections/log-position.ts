/**
 * The position of the primary's log that no acknowledged commit lies behind: each is flushed before it is acknowledged,
 * unless the server is set to commit asynchronously. The insert position would be right in both cases, but it includes
 * records of transactions that are not committed yet, and no replica has those.
 */
export const POSITION = `CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()
  ELSE pg_current_wal_flush_lsn() END`;

export const READ_POSITION = { name: 'position', text: `SELECT (${POSITION})::text AS lsn` };
