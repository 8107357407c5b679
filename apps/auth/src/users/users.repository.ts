import { Injectable } from '@nestjs/common';
import { PostgresPool, TypeOrm, type Queryable, type Repository } from '@mystocks/connection-pool';
import { Failure, type Role } from '@mystocks/contracts';
import { UserEntity } from './user.entity.js';
import { usernameKey } from './username.js';

/** A user; the hash never leaves the service. */
export interface StoredUser {
  readonly id: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly roles: Role[];
  readonly createdAt: Date;
}

export interface NewUser {
  readonly username: string;
  readonly passwordHash: string;
  readonly roles: readonly Role[];
}

const UNIQUE_VIOLATION = '23505';
/** Everything that decides whether there is an administrator takes this lock first (`auth.admins` as bytes). */
const LOCK_ADMINS = { text: 'SELECT pg_advisory_xact_lock(7022364301935898995)' };
const COLUMNS = 'id, username, password_hash AS "passwordHash", roles, created_at AS "createdAt"';
const INSERT = `INSERT INTO auth.users (username, username_key, password_hash, roles) VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`;
const COUNT_ADMINS = "SELECT count(*)::int AS admins FROM auth.users WHERE 'admin' = ANY (roles)";
const SELECT = `SELECT ${COLUMNS} FROM auth.users WHERE id = $1 FOR UPDATE`;
const UPDATE_ROLES = `UPDATE auth.users SET roles = $2 WHERE id = $1 RETURNING ${COLUMNS}`;
const UPDATE_HASH = 'UPDATE auth.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2';

@Injectable()
export class UsersRepository {
  constructor(
    private readonly pool: PostgresPool,
    private readonly orm: TypeOrm,
  ) {}

  findById(id: string): Promise<StoredUser | undefined> {
    return this.#read(async (users) => (await users.findOneBy({ id })) ?? undefined);
  }

  findByName(username: string): Promise<StoredUser | undefined> {
    return this.#read(async (users) => (await users.findOneBy({ usernameKey: usernameKey(username) })) ?? undefined);
  }

  /** Users in the order of their ids, from the one after `after`. */
  list(limit: number, after: string | undefined): Promise<StoredUser[]> {
    return this.#read((users) => {
      const query = users.createQueryBuilder('users').orderBy('users.id').limit(limit);
      return (after === undefined ? query : query.where('users.id > :after', { after })).getMany();
    });
  }

  /** @throws {Failure} `conflict` when the name is taken */
  async add(user: NewUser): Promise<StoredUser> {
    const { value } = await this.pool.write((client) => insert(client, user));
    return value;
  }

  /** Adds the user if there is no administrator; undefined if there is one. Of many at once, one wins. */
  async addFirstAdministrator(user: NewUser): Promise<StoredUser | undefined> {
    const { value } = await this.pool.write(async (client) => {
      await client.query(LOCK_ADMINS);
      return (await countAdmins(client)) > 0 ? undefined : insert(client, user);
    });
    return value;
  }

  async hasAdministrator(): Promise<boolean> {
    return this.pool.read(async (client) => (await countAdmins(client)) > 0);
  }

  /** Lets `decide` see the user, who is asking and how many administrators there are, and stores what it answers. */
  async changeRoles(
    ids: { readonly user: string; readonly by: string },
    decide: (facts: { readonly user?: StoredUser; readonly by?: StoredUser; readonly admins: number }) => Role[],
  ): Promise<StoredUser> {
    const { value } = await this.pool.write(async (client) => {
      await client.query(LOCK_ADMINS);
      const by = await select(client, ids.by);
      const user = await select(client, ids.user);
      const roles = decide({ ...(user && { user }), ...(by && { by }), admins: await countAdmins(client) });
      return only(await client.query<StoredUser>({ text: UPDATE_ROLES, values: [ids.user, roles] }));
    });
    return value;
  }

  /** Stores a hash with today's parameters, unless the password was changed meanwhile. */
  async replaceHash(user: StoredUser, passwordHash: string): Promise<void> {
    const values = [user.id, user.passwordHash, passwordHash];
    await this.pool.write((client) => client.query({ text: UPDATE_HASH, values }));
  }

  /** TypeORM hands driver errors on as they are. The pool says in our words when it is down; else a read may run again. */
  async #read<T>(work: (users: Repository<UserEntity>) => Promise<T>): Promise<T> {
    const users = await this.orm.repository(UserEntity);
    try {
      return await work(users);
    } catch {
      await this.pool.check().probe();
      return work(users);
    }
  }
}

async function insert(client: Queryable, user: NewUser): Promise<StoredUser> {
  const values = [user.username, usernameKey(user.username), user.passwordHash, user.roles];
  try {
    return only(await client.query<StoredUser>({ text: INSERT, values }));
  } catch (error) {
    if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error;
    throw new Failure('conflict', 'This username is taken', { cause: error });
  }
}

async function select(client: Queryable, id: string): Promise<StoredUser | undefined> {
  return (await client.query<StoredUser>({ text: SELECT, values: [id] })).rows[0];
}

async function countAdmins(client: Queryable): Promise<number> {
  return only(await client.query<{ admins: number }>(COUNT_ADMINS)).admins;
}

function only<Row>({ rows }: { readonly rows: readonly Row[] }): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('a row was promised');
  return row;
}
