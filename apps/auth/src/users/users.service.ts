import { Injectable } from '@nestjs/common';
import {
  Failure,
  type BootstrapAdministratorRequest,
  type ChangeRolesRequest,
  type ListUsersRequest,
  type RegisterUserRequest,
  type User,
  type UserPage,
} from '@mystocks/contracts';
import type { Caller } from '@mystocks/identity';
import { currentContext, log } from '@mystocks/telemetry';
import { passwordProblem } from '../passwords/password-rules.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { WorkQueue } from '../passwords/work-queue.js';
import { BootstrapToken } from './bootstrap-token.js';
import { usernameKey } from './username.js';
import { UsersRepository, type StoredUser } from './users.repository.js';

const VALIDATION_ERROR = 1001;

/** Who there is and what they may do. */
@Injectable()
export class UsersService {
  /** Names whose registration is under way here. */
  readonly #registering = new Set<string>();
  #isBootstrapping = false;

  constructor(
    private readonly users: UsersRepository,
    private readonly hasher: PasswordHasher,
    private readonly queue: WorkQueue,
    private readonly bootstrapToken: BootstrapToken,
  ) {}

  /**
   * Registration is open to all; a request cannot choose a role. Of many requests for one name only the first is worked on, and a name
   * that is taken is refused without a hash.
   */
  async register(request: RegisterUserRequest): Promise<User> {
    const name = usernameKey(request.username);
    if (this.#registering.has(name))
      throw new Failure('conflict', 'Another request is registering this username', { retryAfterS: 1 });
    this.#registering.add(name);
    try {
      const passwordHash = await this.#hashNew(request, async () => {
        if ((await this.users.findByName(request.username)) !== undefined)
          throw new Failure('conflict', 'This username is taken');
      });
      const user = await this.users.add({ username: request.username, passwordHash, roles: ['user'] });
      log.info({ event: 'user_registered', user_id: user.id }, 'a user registered');
      return toUser(user);
    } finally {
      this.#registering.delete(name);
    }
  }

  /** Makes the first administrator, once: the token is worth nothing as soon as there is one. */
  async bootstrap(request: BootstrapAdministratorRequest): Promise<User> {
    if (!this.bootstrapToken.matches(request.bootstrap_token)) {
      log.warn({ event: 'bootstrap_refused' }, 'a bootstrap token did not fit');
      throw new Failure('forbidden', 'The bootstrap token does not fit');
    }
    if (this.#isBootstrapping)
      throw new Failure('conflict', 'Another request is making the first administrator', { retryAfterS: 1 });
    this.#isBootstrapping = true;
    try {
      return await this.#addFirstAdministrator(request);
    } finally {
      this.#isBootstrapping = false;
    }
  }

  async #addFirstAdministrator(request: BootstrapAdministratorRequest): Promise<User> {
    const passwordHash = await this.#hashNew(request, async () => {
      if (await this.users.hasAdministrator()) throw alreadyThere();
    });
    const user = await this.users.addFirstAdministrator({ username: request.username, passwordHash, roles: ['admin'] });
    if (user === undefined) throw alreadyThere();
    log.warn({ event: 'administrator_made', user_id: user.id }, 'the first administrator was made');
    return toUser(user);
  }

  async me(caller: Caller): Promise<User> {
    const user = await this.users.findById(caller.id);
    if (user === undefined) throw new Failure('unauthenticated', 'The account of this token is gone');
    return toUser(user);
  }

  async list(request: ListUsersRequest): Promise<UserPage> {
    return { users: (await this.users.list(request.limit, request.after)).map(toUser) };
  }

  /** The caller must be an administrator now, not only when the token was made; the last administrator stays one. */
  async changeRoles(request: ChangeRolesRequest, caller: Caller): Promise<User> {
    const roles = [...new Set(request.roles)];
    const user = await this.users.changeRoles({ user: request.id, by: caller.id }, (facts) => {
      if (facts.by?.roles.includes('admin') !== true)
        throw new Failure('forbidden', 'You are no administrator any more');
      if (facts.user === undefined) throw new Failure('not_found', 'There is no such user');
      if (isLastAdministrator(facts.user, facts.admins) && !roles.includes('admin')) {
        throw new Failure('conflict', 'The last administrator must stay one');
      }
      return roles;
    });
    log.warn({ event: 'roles_changed', user_id: user.id, by: caller.id, roles }, 'roles were changed');
    return toUser(user);
  }

  /** @param check runs when the turn has come, before the hash */
  async #hashNew({ username, password }: RegisterUserRequest, check: () => Promise<void>): Promise<string> {
    const problem = passwordProblem(password, username);
    if (problem !== undefined) {
      const message = `The password ${problem}`;
      throw new Failure('unprocessable', message, {
        errors: [{ pointer: '/password', code: VALIDATION_ERROR, message }],
      });
    }
    const address = currentContext()?.clientAddress ?? '';
    return this.queue.run({ kind: 'registration', address, account: usernameKey(username) }, async () => {
      await check();
      return this.hasher.hash(password);
    });
  }
}

const alreadyThere = (): Failure => new Failure('conflict', 'There is an administrator already');
const isLastAdministrator = (user: StoredUser, admins: number): boolean => user.roles.includes('admin') && admins <= 1;

const toUser = ({ id, username, roles, createdAt }: StoredUser): User => ({
  id,
  username,
  roles,
  created_at: createdAt.toISOString(),
});
