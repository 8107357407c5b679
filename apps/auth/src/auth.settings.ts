import { IsSecret, PostgresSettings, type Secret } from '@mystocks/config';
import { IsCount } from '@mystocks/validation';

/** Settings of the auth service. */
export class AuthSettings extends PostgresSettings {
  /** P-256 private key that signs access tokens (PKCS #8). */
  @IsSecret() readonly AUTH_SIGNING_KEY!: Secret;
  /** The signing key before this one, private or public. Its tokens stay valid until they expire. */
  @IsSecret({ optional: true }) readonly AUTH_PREVIOUS_KEY?: Secret;
  /** Part of every password hash, kept outside the database. Changing it makes every password wrong. */
  @IsSecret({ minLength: 32 }) readonly AUTH_PASSWORD_PEPPER!: Secret;
  /** One-time token that creates the first administrator. Without it no administrator can be created. */
  @IsSecret({ optional: true, minLength: 32 }) readonly AUTH_BOOTSTRAP_TOKEN?: Secret;
  /** The same value as CACHE_CLIENT_SECRET. Without it the cache service gets no token of its own. */
  @IsSecret({ optional: true, minLength: 32 }) readonly AUTH_CACHE_CLIENT_SECRET?: Secret;
  /** Base-2 logarithm of the rounds of bcrypt. 12 takes about 0.25 s (OWASP asks for at least 10). */
  @IsCount(10, 16) readonly AUTH_BCRYPT_COST: number = 12;
}
