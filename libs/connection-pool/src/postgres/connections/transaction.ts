import { Failure } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';
import type pg from 'pg';
import { isConnectionLoss, isSilent } from './pg-failure.js';
import { POSITION } from './log-position.js';

// Connections in an unknown state: closed instead of being lent again.
const unusable = new WeakSet<pg.Client>();

export const isUnusable = (client: pg.Client): boolean => unusable.has(client);

/** Begins a transaction that may write: sessions are read only until they say so. */
export async function begin(client: pg.Client, statementTimeoutMs: number): Promise<void> {
  const both = `BEGIN READ WRITE; SET LOCAL statement_timeout = ${String(statementTimeoutMs)}`;
  try {
    await client.query(both);
  } catch (error) {
    unusable.add(client);
    throw error;
  }
}

/** Commits, and answers the log position after it. */
export async function commit(client: pg.Client): Promise<Lsn> {
  const [committed, position] = await commitAndAsk(client);
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error.
  if (committed.command !== 'COMMIT') throw new Error('the transaction had failed and was rolled back');
  const lsn = position.rows[0]?.lsn;
  if (lsn === undefined) throw new Error('the server told no log position');
  return lsn;
}

// In one round trip.
const COMMIT = `COMMIT; SELECT (${POSITION})::text AS lsn`;

async function commitAndAsk(client: pg.Client): Promise<[pg.QueryResult, pg.QueryResult<{ lsn: string }>]> {
  try {
    const both: unknown = await client.query(COMMIT);
    return both as [pg.QueryResult, pg.QueryResult<{ lsn: string }>];
  } catch (error) {
    if (!isConnectionLoss(error) && !isSilent(error)) throw error;
    unusable.add(client);
    throw new Failure('timeout', 'The database did not say whether the write was stored', { cause: error });
  }
}

/** Undoes what was begun, after `error`. */
export async function rollBack(client: pg.Client, error: unknown): Promise<void> {
  if (isConnectionLoss(error) || isSilent(error) || isUnusable(client)) return;
  try {
    await client.query('ROLLBACK');
  } catch (second) {
    log.warn({ err: second }, 'a transaction could not be rolled back; its connection is closed');
    unusable.add(client);
  }
}
