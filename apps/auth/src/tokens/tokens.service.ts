import { Injectable } from '@nestjs/common';
import { Failure, type IssuedToken, type IssueTokenRequest, type KeySet } from '@mystocks/contracts';
import { currentContext, log } from '@mystocks/telemetry';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { WorkQueue } from '../passwords/work-queue.js';
import { usernameKey } from '../users/username.js';
import { UsersRepository, type StoredUser } from '../users/users.repository.js';
import { AccessTokens } from './access-tokens.js';
import { AttemptsRepository, type Attempt } from './attempts.repository.js';

/** Who has the right password gets an access token. */
@Injectable()
export class TokensService {
  constructor(
    private readonly users: UsersRepository,
    private readonly attempts: AttemptsRepository,
    private readonly hasher: PasswordHasher,
    private readonly queue: WorkQueue,
    private readonly tokens: AccessTokens,
  ) {}

  /** One answer, after the same time and work, for an unknown name and a wrong password: it does not reveal which names exist. */
  async issue(request: IssueTokenRequest): Promise<IssuedToken> {
    // The attempt is counted when its turn has come: one that was turned away at the queue is no wrong password.
    const clientAddress = currentContext()?.clientAddress;
    const owner = { kind: 'login', address: clientAddress ?? '', account: usernameKey(request.username) } as const;
    const user = await this.queue.run(owner, () => this.#signIn(request, clientAddress));
    return this.tokens.issueFor(user);
  }

  keys(): KeySet {
    return this.tokens.published();
  }

  async #signIn({ username, password }: IssueTokenRequest, clientAddress: string | undefined): Promise<StoredUser> {
    const user = await this.users.findByName(username);
    const about = { user_id: user?.id, client_address: clientAddress };
    const attempt: Attempt = {
      account: this.hasher.accountOf(usernameKey(username)),
      address: clientAddress === undefined ? undefined : this.hasher.addressOf(clientAddress),
      userId: user?.id,
    };
    const claim = await this.attempts.claim(attempt);
    if (!claim.open) {
      log.warn({ event: 'login_locked', ...about }, 'a login was refused: too many failures');
      throw new Failure('rate_limited', 'Too many failed logins for this name; try again later', {
        retryAfterS: claim.retryAfterS,
      });
    }
    const fits = await this.hasher.fits(password, user?.passwordHash);
    if (user === undefined || !fits) {
      log.warn({ event: 'login_failed', ...about }, 'a login failed');
      throw new Failure('unauthenticated', 'Wrong username or password');
    }
    await this.attempts.clear(attempt);
    if (this.hasher.needsRehash(user.passwordHash))
      await this.users.replaceHash(user, await this.hasher.hash(password));
    log.info({ event: 'login', ...about }, 'a user logged in');
    return user;
  }
}
