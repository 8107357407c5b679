import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PostgresPool, runMigrations } from '@mystocks/connection-pool';
import { startPostgres, type PostgresServer } from '@mystocks/testing';
import { migrations } from '../migrations/index.js';
import { AttemptsRepository, type Attempt, type Claim } from './attempts.repository.js';

const AT_ONCE = 8;
const DAY_S = 86_400;
let postgres: PostgresServer;
let owner: PostgresPool;
let pool: PostgresPool;
let attempts: AttemptsRepository;
let userId: string;

const from = (address: string | undefined, account = 'honest'): Attempt => ({
  account: Buffer.from(account),
  address: address === undefined ? undefined : Buffer.from(address),
  userId: account === 'honest' ? userId : undefined,
});
const change = (text: string): Promise<unknown> => owner.write((client) => client.query(text));
/** Fails `count` times in a row; every lock on the way is taken to be over. */
async function fail(attempt: Attempt, count: number): Promise<void> {
  for (let failure = 0; failure < count; failure += 1) {
    await change('UPDATE auth.login_addresses SET locked_until = now()');
    expect(await attempts.claim(attempt)).toEqual({ open: true });
  }
}
const openClaims = (claims: readonly Claim[]): number => claims.filter(({ open }) => open).length;

beforeAll(async () => {
  postgres = await startPostgres();
  await runMigrations({ url: postgres.ownerUrl, schema: 'auth', migrations });
  owner = new PostgresPool({ name: 'owner', url: postgres.ownerUrl, size: 1, overflow: 0, statementTimeoutMs: 5_000 });
  pool = new PostgresPool({
    name: 'auth',
    url: postgres.urlOf('auth'),
    size: AT_ONCE,
    overflow: 0,
    statementTimeoutMs: 5_000,
  });
  attempts = new AttemptsRepository(pool);
}, 60_000);
afterAll(async () => {
  await pool?.close();
  await owner?.close();
  await postgres?.stop();
}, 30_000);
beforeEach(async () => {
  await change('DELETE FROM auth.login_addresses');
  await change('DELETE FROM auth.login_attempts');
  await change('DELETE FROM auth.users');
  const { value } = await owner.write((client) =>
    client.query<{ id: string }>({
      text: "INSERT INTO auth.users (username, username_key, password_hash, roles) VALUES ('honest', 'honest', 'x', '{user}') RETURNING id",
    }),
  );
  userId = value.rows[0]!.id;
});

describe('AttemptsRepository', () => {
  it('closes an account to the address that guesses, not to the others', async () => {
    await fail(from('elsewhere'), 12);
    expect(await attempts.claim(from('elsewhere'))).toEqual({ open: false, retryAfterS: 4 });
    expect(await attempts.claim(from('home'))).toEqual({ open: true });
    await attempts.clear(from('home'));
    expect((await attempts.claim(from('elsewhere'))).open).toBe(false);
  });

  it('counts parallel guesses of one address one after the other', async () => {
    await fail(from('elsewhere'), 9);
    const claims = await Promise.all(Array.from({ length: AT_ONCE }, () => attempts.claim(from('elsewhere'))));
    expect(openClaims(claims)).toBe(1);
  });

  it('does not count what is refused', async () => {
    await fail(from('elsewhere'), 10);
    for (let refused = 0; refused < 5; refused += 1) await attempts.claim(from('elsewhere'));
    const { rows } = await owner.query<{ failures: number }>({ text: 'SELECT failures FROM auth.login_attempts' });
    expect(rows).toEqual([{ failures: 10 }]);
  });

  it('closes an account for a day after 100 failures in a row from many addresses, but to those of its owner', async () => {
    await attempts.clear(from('home'));
    for (let bot = 0; bot < 20; bot += 1) await fail(from(`bot-${bot}`), 5);
    const refused = await attempts.claim(from('another-bot'));
    expect(refused).toMatchObject({ open: false, retryAfterS: expect.any(Number) });
    expect((refused as { retryAfterS: number }).retryAfterS).toBeGreaterThan(DAY_S - 60);
    expect(await attempts.claim(from('home'))).toEqual({ open: true });
    await attempts.clear(from('home'));
    expect(await attempts.claim(from('another-bot'))).toEqual({ open: true });
  });

  it('counts guesses from an address of the owner like those of any other address', async () => {
    await attempts.clear(from('home'));
    await fail(from('home'), 10);
    expect(await attempts.claim(from('home'))).toEqual({ open: false, retryAfterS: 1 });
  });

  it('counts by account alone, as strictly, where no address is told', async () => {
    for (let failure = 0; failure < 10; failure += 1) await attempts.claim(from(undefined, 'unknown'));
    expect(await attempts.claim(from(undefined, 'unknown'))).toEqual({ open: false, retryAfterS: 1 });
  });

  it('deletes what is old, and addresses of owners later than unknown ones', async () => {
    await attempts.clear(from('home'));
    await fail(from('elsewhere'), 1);
    await change("UPDATE auth.login_addresses SET updated_at = now() - interval '2 days'");
    await fail(from('elsewhere', 'unknown'), 1);
    const left = async (): Promise<string[]> => {
      const { rows } = await owner.query<{ address: Buffer }>({ text: 'SELECT address FROM auth.login_addresses' });
      return rows.map(({ address }) => address.toString()).sort();
    };
    expect(await left()).toEqual(['elsewhere', 'home']);
    await change("UPDATE auth.login_addresses SET updated_at = now() - interval '91 days'");
    await fail(from('elsewhere', 'another'), 1);
    expect(await left()).toEqual(['elsewhere']);
    await change('DELETE FROM auth.users');
  });
});
