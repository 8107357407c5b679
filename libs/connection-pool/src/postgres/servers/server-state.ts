import type { Lsn } from '@mystocks/kernel';
import { POSITION } from '../connections/log-position.js';

/** What a server said about itself when it was asked last. */
export interface Sight {
  readonly inRecovery: boolean;
  /** What a read there sees: replayed by a replica; by a primary see {@link POSITION}. */
  readonly lsn: Lsn;
  /** A primary's own, 8 hexadecimal digits; a replica's is that of the last beat it replayed. */
  readonly timeline: string;
  /** The newest beat it shows, ms of the clock of the primary that beat. */
  readonly beatMs: number;
  /** On a primary: nobody has beaten for a while. */
  readonly beatDue: boolean;
}

const TIMELINE = 'left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)';
const BEAT_DUE = `(beat_at NOT BETWEEN clock_timestamp() - interval '200 milliseconds' AND clock_timestamp()
  OR timeline <> ${TIMELINE})`;

/** Asks for a {@link Sight}; the table is made by deploy/postgres/roles.sql. */
export const LOOK = {
  name: 'look',
  text: `SELECT pg_is_in_recovery() AS "inRecovery",
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE ${POSITION} END::text AS lsn,
  CASE WHEN pg_is_in_recovery() THEN timeline ELSE ${TIMELINE} END AS timeline,
  (extract(epoch FROM beat_at) * 1000)::float8 AS "beatMs",
  CASE WHEN pg_is_in_recovery() THEN false ELSE ${BEAT_DUE} END AS "beatDue"
FROM replication.heartbeat`,
};

export const ASK_REPLAYED = { name: 'replayed', text: 'SELECT pg_last_wal_replay_lsn()::text AS lsn' };

/**
 * A record that says nothing, of as many bytes as lie between the log's end and $1, up to 4 MB; answers where it ends. It
 * waits neither for the disk nor for a replica: whatever is committed after it is flushed with it.
 */
export const FILL = `SELECT pg_logical_emit_message(false, 'fill',
  repeat(' ', least(4194304, greatest(1, pg_wal_lsn_diff($1::pg_lsn, pg_current_wal_insert_lsn())))::int))::text AS lsn`;

/**
 * Of all routers that find a beat due the first writes it; the others wait for its row and find it done. Not worth a
 * flush: it reaches replicas with the next one, or when the server's own writer comes by (0.2 s).
 */
export const BEAT = `SET LOCAL synchronous_commit = off;
UPDATE replication.heartbeat SET beat_at = clock_timestamp(), timeline = ${TIMELINE} WHERE ${BEAT_DUE}`;
