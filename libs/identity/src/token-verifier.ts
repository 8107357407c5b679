import { Failure, roles, type KeySet, type Role } from '@mystocks/contracts';
import { systemClock, type Clock, UUID } from '@mystocks/kernel';
import { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Caller } from './caller.js';

export const AUDIENCE = 'mystocks';
/** Longest life of an access token, in seconds: short, because a stolen token cannot be revoked. */
export const LIFETIME_MAX_S = 900;
const TOKEN_LENGTH_MAX = 4_096;
const REMEMBERED_MAX = 10_000;
/** Keys are asked for again when a token names an unknown one, but not more often than this. */
const REFRESH_MIN_MS = 2_000;

type Resolver = ReturnType<typeof createLocalJWKSet>;

export interface TokenVerifierOptions {
  readonly issuer: string;
  /** The public keys of the auth service. Asked at first need and when an unknown `kid` comes. */
  readonly keys: () => Promise<KeySet>;
  readonly clock?: Clock;
}

/**
 * Verifies access tokens: ES256 only, `typ: at+jwt`, our issuer and audience, every claim required, at most 15 minutes.
 * A token is verified once and then remembered until it ends.
 */
export class TokenVerifier {
  readonly #remembered = new LRUCache<string, Caller>({ max: REMEMBERED_MAX });
  readonly #clock: Clock;
  #resolver: Resolver | undefined;
  #kids: ReadonlySet<string> = new Set();
  #refreshedAtMs = -Infinity;
  #refreshing: Promise<void> | undefined;

  constructor(private readonly options: TokenVerifierOptions) {
    this.#clock = options.clock ?? systemClock;
  }

  /** The caller of a token that was verified before and has not ended. */
  remembered(token: string): Caller | undefined {
    const caller = this.#remembered.get(token);
    return caller !== undefined && caller.expiresAtMs > this.#clock.now() ? caller : undefined;
  }

  /**
   * @throws {Failure} `unauthenticated` (TOKEN_EXPIRED, TOKEN_INVALID); `unavailable` when no key can be had
   */
  async verify(token: string): Promise<Caller> {
    const known = this.remembered(token);
    if (known !== undefined) return known;
    if (token.length > TOKEN_LENGTH_MAX) throw invalidToken();
    const kid = kidOf(token);
    if (!this.#kids.has(kid)) await this.#refresh();
    if (this.#resolver === undefined || !this.#kids.has(kid)) throw invalidToken();
    const caller = await this.#check(token, this.#resolver);
    this.#remembered.set(token, caller);
    return caller;
  }

  async #check(token: string, resolver: Resolver): Promise<Caller> {
    try {
      const { payload } = await jwtVerify(token, resolver, {
        algorithms: ['ES256'],
        issuer: this.options.issuer,
        audience: AUDIENCE,
        typ: 'at+jwt',
        requiredClaims: ['exp', 'iat', 'sub', 'jti', 'username', 'roles'],
        maxTokenAge: LIFETIME_MAX_S,
        clockTolerance: 5,
        currentDate: new Date(this.#clock.now()),
      });
      const caller = toCaller(payload);
      // The tolerance is for clocks that differ at the beginning of a life, not for its end.
      if (caller.expiresAtMs <= this.#clock.now()) throw expiredToken();
      return caller;
    } catch (error) {
      if (error instanceof errors.JWTExpired) {
        throw expiredToken(error);
      }
      throw error instanceof Failure ? error : invalidToken(error);
    }
  }

  async #refresh(): Promise<void> {
    if (this.#refreshing !== undefined) return this.#refreshing;
    if (this.#resolver !== undefined && this.#clock.now() - this.#refreshedAtMs < REFRESH_MIN_MS) return;
    this.#refreshing = this.options
      .keys()
      .then(({ keys }) => {
        this.#resolver = createLocalJWKSet({ keys: keys.map((key) => ({ ...key })) });
        this.#kids = new Set(keys.map(({ kid }) => kid));
        this.#refreshedAtMs = this.#clock.now();
      })
      .finally(() => {
        this.#refreshing = undefined;
      });
    return this.#refreshing;
  }
}

function kidOf(token: string): string {
  try {
    const { kid } = decodeProtectedHeader(token);
    if (typeof kid === 'string') return kid;
  } catch (error) {
    throw invalidToken(error);
  }
  throw invalidToken();
}

function toCaller(payload: JWTPayload): Caller {
  const { sub, exp, iat, username, roles: named } = payload;
  const whole = typeof exp === 'number' && typeof iat === 'number' && exp - iat <= LIFETIME_MAX_S;
  if (!whole || typeof sub !== 'string' || !UUID.test(sub) || typeof username !== 'string' || !Array.isArray(named)) {
    throw invalidToken();
  }
  const known = named.filter((role): role is Role => (roles as readonly unknown[]).includes(role));
  return { id: sub, username, roles: known, expiresAtMs: exp * 1_000 };
}

function expiredToken(cause?: unknown): Failure {
  return new Failure('unauthenticated', 'The access token has expired; get a new one', {
    problem: 'TOKEN_EXPIRED',
    cause,
  });
}

function invalidToken(cause?: unknown): Failure {
  return new Failure('unauthenticated', 'The access token is not valid', { problem: 'TOKEN_INVALID', cause });
}
