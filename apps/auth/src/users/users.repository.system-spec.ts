import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresPool, runMigrations, TypeOrm } from '@mystocks/connection-pool';
import { startPostgres, type PostgresServer } from '@mystocks/testing';
import { migrations } from '../migrations/index.js';
import { UserEntity } from './user.entity.js';
import { UsersRepository } from './users.repository.js';

const ROUNDS = 20;
const AT_ONCE = 8;
let postgres: PostgresServer;
let owner: PostgresPool;
let pool: PostgresPool;
let orm: TypeOrm;
let users: UsersRepository;

const adminCount = async (): Promise<number | null> =>
  (await owner.query({ text: "SELECT FROM auth.users WHERE 'admin' = ANY (roles)" })).rowCount;
const forget = (): Promise<unknown> => owner.write((client) => client.query('DELETE FROM auth.users'));

beforeAll(async () => {
  postgres = await startPostgres();
  await runMigrations({ url: postgres.ownerUrl, schema: 'auth', migrations });
  owner = new PostgresPool({ name: 'owner', url: postgres.ownerUrl, size: 1, overflow: 0, statementTimeoutMs: 5_000 });
  const url = postgres.urlOf('auth');
  pool = new PostgresPool({ name: 'auth', url, size: AT_ONCE, overflow: 0, statementTimeoutMs: 5_000 });
  orm = new TypeOrm(pool, { url, schema: 'auth', entities: [UserEntity] });
  users = new UsersRepository(pool, orm);
}, 60_000);

afterAll(async () => {
  await orm?.onModuleDestroy();
  await pool?.close();
  await owner?.close();
  await postgres?.stop();
}, 30_000);

describe('UsersRepository under a race', () => {
  it('lets one of many first administrators in', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const made = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) =>
          users.addFirstAdministrator({ username: `chief-${index}`, passwordHash: 'x', roles: ['admin'] }),
        ),
      );
      expect(made.filter((one) => one !== undefined)).toHaveLength(1);
      expect(await adminCount()).toBe(1);
      await forget();
    }
  });

  it('never loses the last administrator when two take it from each other', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const one = await users.add({ username: 'one', passwordHash: 'x', roles: ['admin'] });
      const two = await users.add({ username: 'two', passwordHash: 'x', roles: ['admin'] });
      const demote = (user: string, by: string): Promise<unknown> =>
        users
          .changeRoles({ user, by }, ({ admins }) => {
            if (admins === 1) throw new Error('the last one');
            return [];
          })
          .catch((error: Error) => error.message);
      const outcomes = await Promise.all([demote(one.id, two.id), demote(two.id, one.id)]);
      expect(outcomes.filter((outcome) => outcome === 'the last one')).toHaveLength(1);
      expect(await adminCount()).toBe(1);
      await forget();
    }
  });

  it('gives the role of the service no more than it needs', async () => {
    const forbidden = [
      'DELETE FROM auth.users',
      'DROP TABLE auth.users',
      'CREATE TABLE auth.x ()',
      'TRUNCATE auth.login_attempts',
    ];
    for (const text of forbidden) {
      await expect(pool.write((client) => client.query(text))).rejects.toMatchObject({ code: '42501' });
    }
  });
});
