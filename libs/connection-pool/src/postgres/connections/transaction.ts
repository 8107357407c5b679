import { Failure } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';
import { log } from '@mystocks/telemetry';
import type pg from 'pg';
import { isConnectionLoss, isUnanswered } from './pg-failure.js';
import { POSITION } from './log-position.js';

// Connections in an unknown state, which must be closed instead of being checked in.
const unusable = new WeakSet<pg.Client>();

export const isUnusable = (client: pg.Client): boolean => unusable.has(client);

/** Begins a transaction that may write, which sessions may not by default. */
export async function begin(client: pg.Client, statementTimeoutMs: number): Promise<void> {
  const statements = `BEGIN READ WRITE; SET LOCAL statement_timeout = ${String(statementTimeoutMs)}`;
  try {
    await client.query(statements);
  } catch (error) {
    unusable.add(client);
    throw error;
  }
}

/** Commits, and returns the log position after the commit. */
export async function commit(client: pg.Client): Promise<Lsn> {
  const [committed, position] = await commitAndReadPosition(client);
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error.
  if (committed.command !== 'COMMIT') throw new Error('the transaction had failed and was rolled back');
  const lsn = position.rows[0]?.lsn;
  if (lsn === undefined) throw new Error('the server returned no log position');
  return lsn;
}

// Both statements in one round trip.
const COMMIT = `COMMIT; SELECT (${POSITION})::text AS lsn`;

async function commitAndReadPosition(client: pg.Client): Promise<[pg.QueryResult, pg.QueryResult<{ lsn: string }>]> {
  try {
    const results: unknown = await client.query(COMMIT);
    return results as [pg.QueryResult, pg.QueryResult<{ lsn: string }>];
  } catch (error) {
    if (!isConnectionLoss(error) && !isUnanswered(error)) throw error;
    unusable.add(client);
    throw new Failure('timeout', 'The database did not say whether the write was stored', { cause: error });
  }
}

/** Rolls the transaction back after `error`. */
export async function rollBack(client: pg.Client, error: unknown): Promise<void> {
  if (isConnectionLoss(error) || isUnanswered(error) || isUnusable(client)) return;
  try {
    await client.query('ROLLBACK');
  } catch (second) {
    log.warn({ err: second }, 'a transaction could not be rolled back; its connection is closed');
    unusable.add(client);
  }
}
