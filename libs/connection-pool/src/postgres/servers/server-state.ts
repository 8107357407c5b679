import type { Lsn } from '@mystocks/kernel';
import { POSITION } from '../connections/log-position.js';

/** The state of a server, as it reported it when it was last asked. */
export interface ServerState {
  readonly inRecovery: boolean;
  /** Up to here a read on this server sees the log: a replica has replayed it; for a primary see {@link POSITION}. */
  readonly lsn: Lsn;
  /** 8 hexadecimal digits. A primary's own; a replica's is that of the last heartbeat it has replayed. */
  readonly timeline: string;
  /** The newest heartbeat that the server shows, in ms of the clock of the primary that wrote it. */
  readonly beatMs: number;
  /** On a primary: its last heartbeat is older than 200 ms, so the next one should be written. */
  readonly beatDue: boolean;
}

const TIMELINE = 'left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)';
const BEAT_DUE = `(beat_at NOT BETWEEN clock_timestamp() - interval '200 milliseconds' AND clock_timestamp()
  OR timeline <> ${TIMELINE})`;

/** Reads a {@link ServerState}. The table is created by deploy/postgres/roles.sql. */
export const READ_STATE = {
  name: 'look',
  text: `SELECT pg_is_in_recovery() AS "inRecovery",
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE ${POSITION} END::text AS lsn,
  CASE WHEN pg_is_in_recovery() THEN timeline ELSE ${TIMELINE} END AS timeline,
  (extract(epoch FROM beat_at) * 1000)::float8 AS "beatMs",
  CASE WHEN pg_is_in_recovery() THEN false ELSE ${BEAT_DUE} END AS "beatDue"
FROM replication.heartbeat`,
};

export const READ_REPLAYED = { name: 'replayed', text: 'SELECT pg_last_wal_replay_lsn()::text AS lsn' };

/**
 * Writes a record without meaning, of as many bytes as there are from the end of the log to $1, but at most 4 MB, and
 * returns where it ends. The statement waits neither for the disk nor for a replica: whatever is committed after the
 * record is flushed together with it.
 */
export const FILL_LOG = `SELECT pg_logical_emit_message(false, 'fill',
  repeat(' ', least(4194304, greatest(1, pg_wal_lsn_diff($1::pg_lsn, pg_current_wal_insert_lsn())))::int))::text AS lsn`;

/**
 * Writes the heartbeat of a primary. Of all instances that find it due, the first one writes it; the others wait for the
 * row lock and then find that it is not due any more. A heartbeat is not worth a flush: it reaches the replicas with the
 * next flush of another commit, or with that of the server's WAL writer (0.2 s).
 */
export const WRITE_HEARTBEAT = `SET LOCAL synchronous_commit = off;
UPDATE replication.heartbeat SET beat_at = clock_timestamp(), timeline = ${TIMELINE} WHERE ${BEAT_DUE}`;
