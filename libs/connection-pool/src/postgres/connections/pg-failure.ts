import { Failure } from '@mystocks/contracts';
import { poolFailure } from '../../pool/checkouts/pool-errors.js';

const SOCKET = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
// admin shutdown, crash shutdown, cannot connect now (starting, recovering), database dropped, too many connections
const SERVER = new Set(['57P01', '57P02', '57P03', '57P04', '53300']);
// A replay that waited long enough cancels the reads in its way, as a serialization failure or a deadlock.
const CONFLICT = new Set(['40001', '40P01']);
// "cannot set transaction read-write mode during recovery", "cannot execute … in a read-only transaction".
const NOT_PRIMARY = new Set(['0A000', '25006']);
// pg names these by their text alone (pg 8.23).
const LOST = /^(Connection terminated|Client has encountered a connection error|timeout expired)/;
const NO_ANSWER = 'Query read timeout';

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
const textOf = (error: unknown): string => (error instanceof Error ? error.message : '');

/** The connection is gone (the server may be too): it must not be lent again. */
export function isConnectionLoss(error: unknown): boolean {
  const code = codeOf(error);
  return SOCKET.has(code) || SERVER.has(code) || code.startsWith('08') || LOST.test(textOf(error));
}

/** Nobody answered in time, so an answer may still come: the connection must not be lent again. */
export const isSilent = (error: unknown): boolean => textOf(error) === NO_ANSWER;

/** A replica cancelled the read because its replay could not wait for it any longer; another server serves it. */
export const isRecoveryConflict = (error: unknown): boolean => CONFLICT.has(codeOf(error));

/** Said to a BEGIN READ WRITE: the server is a replica (now). Elsewhere it is a fault of ours, like any other SQL error. */
export const isNotPrimary = (error: unknown): boolean => NOT_PRIMARY.has(codeOf(error));

export const unreachable = (cause?: unknown): Failure =>
  new Failure('unavailable', 'The database cannot be reached', { retryAfterS: 1, cause });

/** What the house says instead of what the driver says; anything unknown is passed on as it is. */
export function toFailure(error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (isConnectionLoss(error)) return unreachable(error);
  if (isSilent(error) || codeOf(error) === '57014') {
    return new Failure('timeout', 'The database did not answer in time', { cause: error });
  }
  return poolFailure(error) ?? error;
}
