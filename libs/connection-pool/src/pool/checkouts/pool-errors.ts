import { Failure } from '@mystocks/contracts';

/** Every connection was lent out for the whole acquire time, or until the caller's deadline. */
export class PoolTimeout extends Error {
  readonly code = 'POOL_TIMEOUT';

  constructor(pool: string, waitedMs: number) {
    super(`${pool}: no connection came free within ${String(Math.round(waitedMs))} ms`);
    this.name = 'PoolTimeout';
  }
}

/** Refused at once: the wait would end after the caller's deadline, or the queue is full. */
export class PoolOverloaded extends Error {
  readonly code = 'POOL_OVERLOADED';

  constructor(
    pool: string,
    readonly expectedWaitMs: number,
  ) {
    super(`${pool}: a connection would come free in about ${String(Math.round(expectedWaitMs))} ms, which is too late`);
    this.name = 'PoolOverloaded';
  }
}

/** The pool has been told to end and lends nothing more. */
export class PoolEnded extends Error {
  readonly code = 'POOL_ENDED';

  constructor(pool: string) {
    super(`${pool}: the pool has ended`);
    this.name = 'PoolEnded';
  }
}

/** The lease is over (given back, or taken back as a leak), so its connection is not the borrower's to use. */
export class LeaseOver extends Error {
  readonly code = 'LEASE_OVER';

  constructor(
    pool: string,
    readonly how: 'released' | 'reclaimed',
  ) {
    super(`${pool}: this connection was ${how === 'released' ? 'given back' : 'held too long and taken back'}`);
    this.name = 'LeaseOver';
  }
}

const RETRY_AFTER_MAX_S = 30;

/** What the house says when a pool lends nothing; undefined for any other error. */
export function poolFailure(error: unknown): Failure | undefined {
  if (error instanceof PoolTimeout) {
    return new Failure('unavailable', 'The service is busy: no connection came free in time', {
      problem: 'POOL_TIMEOUT',
      retryAfterS: 1,
      cause: error,
    });
  }
  if (error instanceof PoolOverloaded) {
    const retryAfterS = Math.min(RETRY_AFTER_MAX_S, Math.max(1, Math.ceil(error.expectedWaitMs / 1_000)));
    return new Failure('unavailable', 'The service is busy', { problem: 'OVERLOADED', retryAfterS, cause: error });
  }
  if (error instanceof LeaseOver && error.how === 'reclaimed')
    return new Failure('timeout', 'The work held its connection for too long; it was undone', { cause: error });
  if (error instanceof PoolEnded)
    return new Failure('unavailable', 'The service is stopping', { retryAfterS: 1, cause: error });
  return undefined;
}
