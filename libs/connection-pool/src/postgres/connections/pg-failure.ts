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
// admin shutdown, crash shutdown, cannot connect now (starting or in recovery), database dropped, too many connections
const SERVER = new Set(['57P01', '57P02', '57P03', '57P04', '53300']);
// When replay has waited long enough, it cancels the reads that block it: a serialization failure or a deadlock.
const CONFLICT = new Set(['40001', '40P01']);
// "cannot set transaction read-write mode during recovery", "cannot execute … in a read-only transaction".
const NOT_PRIMARY = new Set(['0A000', '25006']);
// pg 8.23 distinguishes these by their text only.
const LOST = /^(Connection terminated|Client has encountered a connection error|timeout expired)/;
const NO_ANSWER = 'Query read timeout';

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
const textOf = (error: unknown): string => (error instanceof Error ? error.message : '');

/** The connection is lost, and perhaps its server: the connection must be closed. */
export function isConnectionLoss(error: unknown): boolean {
  const code = codeOf(error);
  return SOCKET.has(code) || SERVER.has(code) || code.startsWith('08') || LOST.test(textOf(error));
}

/** The server did not answer in time. Its answer may still arrive, so the connection must be closed. */
export const isUnanswered = (error: unknown): boolean => textOf(error) === NO_ANSWER;

/** A replica cancelled the read because it blocked replay for too long; another server can run it. */
export const isRecoveryConflict = (error: unknown): boolean => CONFLICT.has(codeOf(error));

/** As the answer to BEGIN READ WRITE: the server is a replica now. For any other statement it is a bug of ours. */
export const isNotPrimary = (error: unknown): boolean => NOT_PRIMARY.has(codeOf(error));

export const unreachable = (cause?: unknown): Failure =>
  new Failure('unavailable', 'The database cannot be reached', { retryAfterS: 1, cause });

/** The failure for an error of the driver; an unknown error is returned unchanged. */
export function toFailure(error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (isConnectionLoss(error)) return unreachable(error);
  if (isUnanswered(error) || codeOf(error) === '57014') {
    return new Failure('timeout', 'The database did not answer in time', { cause: error });
  }
  return poolFailure(error) ?? error;
}
