import { Injectable } from '@nestjs/common';
import { Failure, type IssuedToken, type IssueTokenRequest, type KeySet } from '@mystocks/contracts';
import { log } from '@mystocks/telemetry';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { WorkQueue } from '../passwords/work-queue.js';
import { usernameKey } from '../users/username.js';
import { UsersRepository, type StoredUser } from '../users/users.repository.js';
import { AccessTokens } from './access-tokens.js';
import { AttemptsRepository } from './attempts.repository.js';

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

  /** One answer, after the same time and work, for an unknown name and a wrong password: it tells nobody who exists. */
  async issue(request: IssueTokenRequest): Promise<IssuedToken> {
    // The attempt is counted when its turn has come: one that was turned away at the queue is no wrong password.
    const user = await this.queue.run(() => this.#signIn(request));
    return this.tokens.issueFor(user);
  }

  keys(): KeySet {
    return this.tokens.published();
  }

  async #signIn({ username, password }: IssueTokenRequest): Promise<StoredUser> {
    const user = await this.users.findByName(username);
    const account = this.hasher.accountOf(usernameKey(username));
    const claim = await this.attempts.claim(account, user?.id);
    if (!claim.open) {
      log.warn({ event: 'login_locked', user_id: user?.id }, 'a login was refused: too many failures');
      throw new Failure('rate_limited', 'Too many failed logins for this name; try again later', {
        retryAfterS: claim.retryAfterS,
      });
    }
    const fits = await this.hasher.fits(password, user?.passwordHash);
    if (user === undefined || !fits) {
      log.warn({ event: 'login_failed', user_id: user?.id }, 'a login failed');
      throw new Failure('unauthenticated', 'Wrong username or password');
    }
    await this.attempts.clear(account);
    if (this.hasher.isOutdated(user.passwordHash)) await this.users.replaceHash(user, await this.hasher.hash(password));
    log.info({ event: 'login', user_id: user.id }, 'a user logged in');
    return user;
  }
}
