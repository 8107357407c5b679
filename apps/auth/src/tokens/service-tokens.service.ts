import { createHash, timingSafeEqual } from 'node:crypto';
import { Failure, type IssueServiceTokenRequest, type ServiceToken } from '@mystocks/contracts';
import { systemClock, type Clock } from '@mystocks/kernel';
import type { Secret } from '@mystocks/secrets';
import { log } from '@mystocks/telemetry';
import type { AccessTokens } from './access-tokens.js';

/** Refusals are logged at most this often, so that an attacker who guesses cannot fill the log. */
const COMPLAIN_EVERY_MS = 60_000;

/** Who a service is in its tokens. No user can be called so: a username has no colon. */
const accounts: ReadonlyMap<string, { readonly id: string; readonly username: string }> = new Map([
  ['cache', { id: 'daad8680-0a6b-47f3-bdbd-19f633f362ba', username: 'service:cache' }],
]);

/**
 * A service gets a token of its own for what it does for no user (RFC 6749 §4.4): it may read what a guest may, and
 * nothing else. A client whose secret is not set here gets none.
 */
export class ServiceTokensService {
  #refused = 0;
  #complainedAtMs = -Infinity;

  /** @param secrets by service */
  constructor(
    private readonly secrets: Readonly<Record<string, Secret | undefined>>,
    private readonly tokens: AccessTokens,
    private readonly clock: Clock = systemClock,
  ) {}

  /** @throws {Failure} `unauthenticated`, the same for a wrong secret, an unknown client and one that is turned off */
  async issue({ client_id: client, client_secret: given }: IssueServiceTokenRequest): Promise<ServiceToken> {
    const account = accounts.get(client);
    const secret = account === undefined ? undefined : this.secrets[client];
    if (account === undefined || secret === undefined || !isSame(given, secret.reveal())) return this.#refuse();
    const { access_token, token_type, expires_in } = await this.tokens.issueFor({ ...account, roles: ['guest'] });
    return { access_token, token_type, expires_in };
  }

  #refuse(): never {
    this.#refused += 1;
    const nowMs = this.clock.now();
    if (nowMs - this.#complainedAtMs >= COMPLAIN_EVERY_MS) {
      log.warn({ event: 'service_login_failed', count: this.#refused }, 'a service was refused a token of its own');
      this.#complainedAtMs = nowMs;
      this.#refused = 0;
    }
    throw new Failure('unauthenticated', 'Wrong client or secret');
  }
}

/** Takes the same time wherever they differ and however long the right one is. */
function isSame(given: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(right));
}
