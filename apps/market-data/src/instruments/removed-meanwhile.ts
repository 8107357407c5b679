import { Failure } from '@mystocks/contracts';

/** The failure for rows of an instrument that was removed after they were read. */
export const removedMeanwhile = (): Failure =>
  new Failure('unavailable', 'An instrument was removed while its rows were to be stored; nothing of them was stored', {
    retryAfterS: 1,
  });
