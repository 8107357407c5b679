import { IsSecret, IsSecretUrl, IsSecretUrls, ServiceSettings, type Secret } from '@mystocks/config';
import { IsCount, IsFlag } from '@mystocks/validation';

/** Settings of the auth service. */
export class AuthSettings extends ServiceSettings {
  @IsSecretUrl('postgres') readonly PG_PRIMARY_URL!: Secret;
  /** Servers beside it, separated by commas: not read (what is read here decides), but one may become the primary. */
  @IsSecretUrls('postgres', { optional: true }) readonly PG_REPLICA_URLS?: Secret;
  @IsCount(1, 200) readonly PG_POOL_SIZE: number = 20;
  @IsCount(0, 200) readonly PG_POOL_OVERFLOW: number = 40;
  /** How long a borrower waits for a connection at most; its request's deadline may come earlier. */
  @IsCount(1, 600_000) readonly PG_POOL_TIMEOUT_MS: number = 30_000;
  /** Longest life of a connection. */
  @IsCount(1, 86_400) readonly PG_POOL_RECYCLE_S: number = 3_600;
  /** A connection held longer is told in the log, with its borrower. */
  @IsCount(1, 3_600_000) readonly PG_POOL_LEAK_AFTER_MS: number = 30_000;
  /** Also takes such a connection back: its work is undone. */
  @IsFlag() readonly PG_POOL_RECLAIM_LEAKS: boolean = false;
  /** Connections to one server of all services and instances together; by default what it allows, less 10. */
  @IsCount(2, 100_000, { optional: true }) readonly PG_FLEET_BUDGET?: number;
  @IsCount(100, 60_000) readonly PG_STATEMENT_TIMEOUT_MS: number = 2_000;
  /** P-256 private key that signs access tokens, PEM (PKCS #8). */
  @IsSecret() readonly AUTH_SIGNING_KEY!: Secret;
  /** The signing key before this one, PEM, private or public: its tokens are still good until they end. */
  @IsSecret({ optional: true }) readonly AUTH_PREVIOUS_KEY?: Secret;
  /** Goes into every password hash and lies outside the database. Changing it makes every password wrong. */
  @IsSecret({ minLength: 32 }) readonly AUTH_PASSWORD_PEPPER!: Secret;
  /** One-time token that makes the first administrator; without it nobody can. */
  @IsSecret({ optional: true, minLength: 32 }) readonly AUTH_BOOTSTRAP_TOKEN?: Secret;
  /** What the cache service proves itself with; without it that service gets no token of its own. */
  @IsSecret({ optional: true, minLength: 32 }) readonly AUTH_CACHE_CLIENT_SECRET?: Secret;
  /** log2 of the rounds of bcrypt; 12 takes about 0.25 s (OWASP: 10 at least). */
  @IsCount(10, 16) readonly AUTH_BCRYPT_COST: number = 12;
}

/** Settings of `migrate.js`. */
export class MigrationSettings {
  /** A role that owns the schema `auth`. */
  @IsSecretUrl('postgres') readonly PG_MIGRATION_URL!: Secret;
}
