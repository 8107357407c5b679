import type { WritingClient } from '@mystocks/connection-pool';

/*
 * What a write to TDengine borrows from the PostgreSQL transaction around it: that writers of one series wait for each
 * other, a number that shows whether a stored row was ever committed, and a log position.
 */

// First keys of the advisory locks. Many series of a block share a lock: PostgreSQL has room for some thousands.
const LOCKS = { bars: 7_301, quotes: 7_302 } as const;
const LOCKS_OF_A_KIND = 256;

/** Until the end of the transaction no other writer changes series of these instruments. */
export async function lockSeries(
  client: WritingClient,
  kind: keyof typeof LOCKS,
  instruments: Iterable<number>,
): Promise<void> {
  const buckets = [...new Set([...instruments].map((id) => id % LOCKS_OF_A_KIND))];
  // Always in the same order, so that two blocks cannot wait for each other.
  buckets.sort((a, b) => a - b);
  await client.query({
    name: 'series-lock',
    text: 'SELECT count(pg_advisory_xact_lock($1::int, bucket)) FROM unnest($2::int[]) AS bucket',
    values: [LOCKS[kind], buckets],
  });
}

/** The number of this transaction, after a record in the log that moves the position its commit will have. */
export async function markWriting(client: WritingClient): Promise<number> {
  const { rows } = await client.query<{ writer: string }>({
    name: 'series-mark',
    text: "SELECT pg_current_xact_id()::text AS writer, pg_logical_emit_message(true, 'timeseries', '')",
  });
  const writer = Number(rows[0]?.writer);
  if (!Number.isSafeInteger(writer)) throw new Error('PostgreSQL answered no transaction number');
  return writer;
}

/**
 * Those of `writers` whose transaction was never committed, though their rows stand: they failed between the two stores,
 * and no event was published for their rows.
 */
export async function abortedWriters(client: WritingClient, writers: Iterable<number>): Promise<ReadonlySet<number>> {
  const asked = [...new Set(writers)];
  if (asked.length === 0) return new Set();
  // A number from the future is of another server's count, as after a restore; pg_xact_status would refuse it.
  const { rows } = await client.query<{ writer: string }>({
    name: 'series-aborted',
    text: `SELECT w::text AS writer FROM unnest($1::xid8[]) AS w WHERE
      CASE WHEN w < pg_snapshot_xmax(pg_current_snapshot()) THEN pg_xact_status(w) END = 'aborted'`,
    values: [asked],
  });
  return new Set(rows.map(({ writer }) => Number(writer)));
}
