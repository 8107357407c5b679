import { randomUUID } from 'node:crypto';
import type { IssuedToken, KeySet, Role } from '@mystocks/contracts';
import { AUDIENCE, LIFETIME_MAX_S } from '@mystocks/identity';
import { systemClock, type Clock } from '@mystocks/kernel';
import type { SigningKeys } from './signing-keys.js';

/** Makes access tokens. */
export class AccessTokens {
  constructor(
    private readonly keys: SigningKeys,
    private readonly issuer: string,
    private readonly clock: Clock = systemClock,
  ) {}

  async issueFor(user: {
    readonly id: string;
    readonly username: string;
    readonly roles: readonly Role[];
  }): Promise<IssuedToken> {
    const issuedAtS = Math.floor(this.clock.now() / 1_000);
    const scope = user.roles.join(' ');
    const token = await this.keys.sign({
      iss: this.issuer,
      aud: AUDIENCE,
      sub: user.id,
      username: user.username,
      roles: user.roles,
      scope,
      jti: randomUUID(),
      iat: issuedAtS,
      exp: issuedAtS + LIFETIME_MAX_S,
    });
    return { access_token: token, token_type: 'Bearer', expires_in: LIFETIME_MAX_S, scope };
  }

  published(): KeySet {
    return this.keys.published;
  }
}
