import { Failure } from '@mystocks/contracts';
import { poolFailure } from '../pool/checkouts/pool-errors.js';
import { AdapterRefusal, BrokenAnswer, NoAnswer, SilentServer, TdengineError } from './tdengine-errors.js';

// Network, node out of service, no session left, starting, stopping, disconnected, no dnode ready, leader election: all
// are temporary.
const AWAY = new Set([
  0x000b, 0x0015, 0x0018, 0x0020, 0x0021, 0x0022, 0x0125, 0x0126, 0x0130, 0x0131, 0x0213, 0x0334, 0x090c, 0x0911,
  0x0914,
]);
// A conn read timeout, a sync timeout, a task of the query that took too long.
const LATE = new Set([0x0019, 0x0903, 0x2504]);
const BUSY = new Set([429, 502, 503]);

/** The rest of an answer may still arrive, so the connection must be closed. */
export const isUnusable = (error: unknown): boolean =>
  !(error instanceof TdengineError) && !(error instanceof AdapterRefusal);

/** The failure for an error of TDengine, which is its cause and so is logged, but not sent to clients. */
export function tdengineFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const ofPool = poolFailure(error);
  if (ofPool !== undefined) return ofPool;
  if (isAway(error)) {
    return new Failure('unavailable', 'The time-series database cannot be reached', { retryAfterS: 1, cause: error });
  }
  if (error instanceof SilentServer || (error instanceof TdengineError && LATE.has(error.code))) {
    return new Failure('timeout', 'The time-series database did not answer in time', { cause: error });
  }
  return new Failure('internal', 'Internal error', { cause: error });
}

function isAway(error: unknown): boolean {
  if (error instanceof NoAnswer || error instanceof BrokenAnswer) return true;
  if (error instanceof AdapterRefusal) return BUSY.has(error.status);
  return error instanceof TdengineError && AWAY.has(error.code);
}
