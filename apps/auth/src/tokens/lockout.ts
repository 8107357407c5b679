const FREE_ATTEMPTS = 10;
/** NIST SP 800-63B-4: at most 100 failures in a row; after that one attempt a day is all. */
const ATTEMPTS_MAX = 100;
const WAIT_MAX_S = 15 * 60;
const CLOSED_S = 24 * 60 * 60;

/**
 * How long an account is closed to one address after its n-th failure in a row from there, seconds (n = index + 1; the
 * last entry for all beyond): nothing for the first nine, then 1 s, doubling up to 15 minutes, a day from the hundredth
 * on. Callers that name no address share one.
 */
export const lockSeconds: readonly number[] = Array.from({ length: ATTEMPTS_MAX }, (_, index) => {
  const failures = index + 1;
  if (failures >= ATTEMPTS_MAX) return CLOSED_S;
  return failures < FREE_ATTEMPTS ? 0 : Math.min(WAIT_MAX_S, 2 ** (failures - FREE_ATTEMPTS));
});

/**
 * The same for all addresses together, but for those from which the owner has logged in before: nothing up to the 99th
 * failure in a row, then a day each.
 */
export const accountLockSeconds: readonly number[] = Array.from({ length: ATTEMPTS_MAX }, (_, index) =>
  index + 1 >= ATTEMPTS_MAX ? CLOSED_S : 0,
);
