import { createHash, createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { KeySet, Role } from '@mystocks/contracts';

/** A signing key as the auth service has one. */
export interface TestKeys {
  /** What `svc.auth.keys.list.v1` answers. */
  readonly keySet: KeySet;
  /** PKCS#8, for AUTH_SIGNING_KEY. */
  readonly privateKeyPem: string;
  readonly kid: string;
}

export interface TokenOptions {
  /** Default: the keys that `testKeys()` gives. */
  readonly keys?: TestKeys;
  /** Default: a new user. */
  readonly id?: string;
  readonly username?: string;
  /** Negative for a token that has ended. Default 900. */
  readonly lifetimeS?: number;
  /** Overwrites single claims, for tokens that must be refused. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** A fresh ES256 key. */
export function makeKeys(): TestKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  // RFC 7638: the members of the key in this order.
  const thumbprint = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y });
  const kid = createHash('sha256').update(thumbprint).digest('base64url');
  return {
    keySet: { keys: [{ kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' }] },
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    kid,
  };
}

let shared: TestKeys | undefined;

/** The same key for the whole test file. */
export const testKeys = (): TestKeys => (shared ??= makeKeys());

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An access token as the auth service issues it. */
export function signToken(roles: readonly Role[], options: TokenOptions = {}): string {
  const keys = options.keys ?? testKeys();
  const iat = Math.floor(Date.now() / 1_000);
  const lifetimeS = options.lifetimeS ?? 900;
  const issuedAt = lifetimeS < 0 ? iat + lifetimeS - 900 : iat;
  const claims = {
    iss: 'mystocks',
    aud: 'mystocks',
    sub: options.id ?? randomUUID(),
    username: options.username ?? 'tester',
    roles,
    scope: roles.join(' '),
    jti: randomUUID(),
    iat: issuedAt,
    exp: lifetimeS < 0 ? issuedAt + 900 : issuedAt + lifetimeS,
    ...options.claims,
  };
  const signed = `${part({ alg: 'ES256', typ: 'at+jwt', kid: keys.kid, ...options.header })}.${part(claims)}`;
  const key = createPrivateKey(keys.privateKeyPem);
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
