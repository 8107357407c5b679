import { Injectable } from '@nestjs/common';
import { PostgresPool } from '@mystocks/connection-pool';
import { lockSeconds } from './lockout.js';

/** Counted before the password is looked at: parallel guesses get no free try. Nothing happens while it is locked. */
const CLAIM = `
INSERT INTO auth.login_attempts AS a (account, user_id, failures, locked_until)
VALUES ($1, $2, 1, now() + make_interval(secs => ($3::float8[])[1]))
ON CONFLICT (account) DO UPDATE SET
  user_id = excluded.user_id,
  failures = a.failures + 1,
  locked_until = now() + make_interval(secs => ($3::float8[])[least(a.failures + 1, cardinality($3::float8[]))]),
  updated_at = now()
WHERE a.locked_until <= now()
RETURNING failures`;
const WAIT = `
SELECT greatest(1, ceil(extract(epoch FROM locked_until - now())))::int AS seconds FROM auth.login_attempts WHERE account = $1`;
/** Names nobody has must not fill the disk: some of the old ones go with every attempt. */
const PRUNE = `
DELETE FROM auth.login_attempts WHERE account IN (
  SELECT account FROM auth.login_attempts
  WHERE user_id IS NULL AND updated_at < now() - interval '1 day' AND locked_until < now()
  ORDER BY updated_at LIMIT 10 FOR UPDATE SKIP LOCKED)`;
const CLEAR = 'DELETE FROM auth.login_attempts WHERE account = $1';

/** An attempt may go on, or must wait. */
export type Claim = { readonly open: true } | { readonly open: false; readonly retryAfterS: number };

/** Failed logins in a row, by account; a name that nobody has is counted like any other. */
@Injectable()
export class AttemptsRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Counts an attempt as failed until {@link clear}; refused while the account is locked. */
  async claim(account: Buffer, userId: string | undefined): Promise<Claim> {
    const { value } = await this.pool.write(async (client): Promise<Claim> => {
      const claimed = await client.query({
        name: 'claim-attempt',
        text: CLAIM,
        values: [account, userId ?? null, lockSeconds],
      });
      if (claimed.rows.length === 0) {
        const wait = await client.query<{ seconds: number }>({ text: WAIT, values: [account] });
        return { open: false, retryAfterS: wait.rows[0]?.seconds ?? 1 };
      }
      await client.query(PRUNE);
      return { open: true };
    });
    return value;
  }

  /** The password was right: counting starts again. */
  async clear(account: Buffer): Promise<void> {
    await this.pool.write((client) => client.query({ text: CLEAR, values: [account] }));
  }
}
