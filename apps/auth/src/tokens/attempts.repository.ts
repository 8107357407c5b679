import { Injectable } from '@nestjs/common';
import { PostgresPool, type Queryable } from '@mystocks/connection-pool';
import { accountLockSeconds, lockSeconds } from './lockout.js';

/** `$3` says how long the account is closed after each failure in a row; `$4` that it is open to this caller anyway. */
const CLAIM_ACCOUNT = `
INSERT INTO auth.login_attempts AS a (account, user_id, failures, locked_until)
VALUES ($1, $2, 1, now() + make_interval(secs => ($3::float8[])[1]))
ON CONFLICT (account) DO UPDATE SET
  user_id = excluded.user_id,
  failures = a.failures + 1,
  locked_until = now() + make_interval(secs => ($3::float8[])[least(a.failures + 1, cardinality($3::float8[]))]),
  updated_at = now()
WHERE a.locked_until <= now() OR $4
RETURNING failures`;
const ACCOUNT_WAIT = `
SELECT greatest(1, ceil(extract(epoch FROM locked_until - now())))::int AS seconds FROM auth.login_attempts WHERE account = $1`;
/** Locks the row, so that parallel attempts of one address are counted one after the other. */
const ADDRESS_STATE = `
SELECT user_id IS NOT NULL AS "isKnown", ceil(extract(epoch FROM locked_until - now()))::int AS seconds
FROM auth.login_addresses WHERE account = $1 AND address = $2 FOR UPDATE`;
const CLAIM_ADDRESS = `
INSERT INTO auth.login_addresses AS a (account, address, failures, locked_until)
VALUES ($1, $2, 1, now() + make_interval(secs => ($3::float8[])[1]))
ON CONFLICT (account, address) DO UPDATE SET
  failures = a.failures + 1,
  locked_until = now() + make_interval(secs => ($3::float8[])[least(a.failures + 1, cardinality($3::float8[]))]),
  updated_at = now()`;
/** Unknown names and addresses must not fill the disk: every attempt deletes some of the old rows. */
const PRUNE_ACCOUNTS = `
DELETE FROM auth.login_attempts WHERE account IN (
  SELECT account FROM auth.login_attempts
  WHERE user_id IS NULL AND updated_at < now() - interval '1 day' AND locked_until < now()
  ORDER BY updated_at LIMIT 10 FOR UPDATE SKIP LOCKED)`;
const PRUNE_ADDRESSES = `
DELETE FROM auth.login_addresses WHERE (account, address) IN (
  SELECT account, address FROM auth.login_addresses
  WHERE updated_at < now() - CASE WHEN user_id IS NULL THEN interval '1 day' ELSE interval '90 days' END
    AND locked_until < now()
  ORDER BY updated_at LIMIT 10 FOR UPDATE SKIP LOCKED)`;
const CLEAR_ACCOUNT = 'DELETE FROM auth.login_attempts WHERE account = $1';
const CLEAR_ADDRESS = `
INSERT INTO auth.login_addresses (account, address, user_id, failures, locked_until) VALUES ($1, $2, $3, 0, now())
ON CONFLICT (account, address) DO UPDATE SET
  user_id = excluded.user_id, failures = 0, locked_until = now(), updated_at = now()`;

/** A login: for which account, and from where, if that is known. Both are keyed digests. */
export interface Attempt {
  readonly account: Buffer;
  readonly address: Buffer | undefined;
  /** Undefined for an unknown name. */
  readonly userId: string | undefined;
}

/** An attempt may go on, or must wait. */
export type Claim = { readonly open: true } | { readonly open: false; readonly retryAfterS: number };

/**
 * Failed logins in a row, by account and address, and by account; an unknown name is counted like any other.
 * Without an address the account alone counts, as strictly as an address does.
 */
@Injectable()
export class AttemptsRepository {
  constructor(private readonly pool: PostgresPool) {}

  /**
   * Counts an attempt as failed until {@link clear}, before the password is looked at: parallel guesses get no free try.
   * Refused, and not counted, while the account is closed to the address.
   */
  async claim(attempt: Attempt): Promise<Claim> {
    const { value } = await this.pool.write((client) => claimIn(client, attempt));
    return value;
  }

  /** The password was right: counting starts again here, and the address is known to be the owner's. */
  async clear({ account, address, userId }: Attempt): Promise<void> {
    await this.pool.write(async (client) => {
      if (address !== undefined)
        await client.query({ text: CLEAR_ADDRESS, values: [account, address, userId ?? null] });
      await client.query({ text: CLEAR_ACCOUNT, values: [account] });
    });
  }
}

async function claimIn(client: Queryable, { account, address, userId }: Attempt): Promise<Claim> {
  let isKnown = false;
  if (address !== undefined) {
    const state = await client.query<{ isKnown: boolean; seconds: number }>({
      text: ADDRESS_STATE,
      values: [account, address],
    });
    const seconds = state.rows[0]?.seconds ?? 0;
    if (seconds > 0) return { open: false, retryAfterS: seconds };
    isKnown = state.rows[0]?.isKnown === true;
  }
  const schedule = address === undefined ? lockSeconds : accountLockSeconds;
  const claimed = await client.query({
    name: 'claim-account',
    text: CLAIM_ACCOUNT,
    values: [account, userId ?? null, schedule, isKnown],
  });
  if (claimed.rows.length === 0) {
    const wait = await client.query<{ seconds: number }>({ text: ACCOUNT_WAIT, values: [account] });
    return { open: false, retryAfterS: wait.rows[0]?.seconds ?? 1 };
  }
  if (address !== undefined) {
    await client.query({ name: 'claim-address', text: CLAIM_ADDRESS, values: [account, address, lockSeconds] });
    await client.query(PRUNE_ADDRESSES);
  }
  await client.query(PRUNE_ACCOUNTS);
  return { open: true };
}
