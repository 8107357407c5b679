import { Failure } from '@mystocks/contracts';

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
// admin shutdown, crash shutdown, cannot connect now (starting, recovering), too many connections, read-only after a demotion
const SERVER = new Set(['57P01', '57P02', '57P03', '53300', '25006']);
// pg and pg-pool name these by their text alone (pg 8.23, pg-pool 3.14).
const LOST = /^(Connection terminated|Client has encountered a connection error|timeout expired)/;
const NO_ROOM = 'timeout exceeded when trying to connect';
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

/** Every connection was lent out for the whole acquire time. */
export const isExhausted = (error: unknown): boolean => textOf(error) === NO_ROOM;

/** What the house says instead of what the driver says; anything unknown is passed on as it is. */
export function toFailure(error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (isExhausted(error)) return new Failure('unavailable', 'The database is busy', { retryAfterS: 1, cause: error });
  if (isConnectionLoss(error))
    return new Failure('unavailable', 'The database cannot be reached', { retryAfterS: 1, cause: error });
  if (isSilent(error) || codeOf(error) === '57014') {
    return new Failure('timeout', 'The database did not answer in time', { cause: error });
  }
  return error;
}
