import { Failure } from '@mystocks/contracts';

/** Every connection was in use for the whole acquire time, or until the borrower's deadline. */
export class PoolTimeout extends Error {
  readonly code = 'POOL_TIMEOUT';

  constructor(pool: string, waitedMs: number) {
    super(`${pool}: no connection came free within ${String(Math.round(waitedMs))} ms`);
    this.name = 'PoolTimeout';
  }
}

/** Refused at once: the wait would probably end after the borrower's deadline, or the queue is full. */
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

/** The pool is closing and accepts no more borrowers. */
export class PoolEnded extends Error {
  readonly code = 'POOL_ENDED';

  constructor(pool: string) {
    super(`${pool}: the pool has ended`);
    this.name = 'PoolEnded';
  }
}

/** The connection was released, or reclaimed as a leak; its former borrower must not use it any more. */
export class CheckoutEnded extends Error {
  readonly code = 'CHECKOUT_ENDED';

  constructor(
    pool: string,
    readonly how: 'released' | 'reclaimed',
  ) {
    super(`${pool}: this connection was ${how === 'released' ? 'released' : 'held too long and reclaimed'}`);
    this.name = 'CheckoutEnded';
  }
}

const RETRY_AFTER_MAX_S = 30;

/** The failure for an error of a pool; undefined for any other error. */
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
  if (error instanceof CheckoutEnded && error.how === 'reclaimed')
    return new Failure('timeout', 'The work held its connection for too long; it was undone', { cause: error });
  if (error instanceof PoolEnded)
    return new Failure('unavailable', 'The service is stopping', { retryAfterS: 1, cause: error });
  return undefined;
}
