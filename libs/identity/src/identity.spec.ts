import { beforeAll, describe, expect, it } from '@jest/globals';
import { Failure, type KeySet, type SigningKey } from '@mystocks/contracts';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { authorize, TokenVerifier, type Caller } from './index.js';

const nowMs = Date.parse('2026-01-05T01:30:00Z');
const nowS = nowMs / 1_000;
const claims = {
  sub: '7b0c6a9e-3f1d-4a57-9f0e-2f1a5a3d9c11',
  username: 'desk-1',
  roles: ['user', 'made-up'],
  jti: 'j1',
  iss: 'mystocks',
  aud: 'mystocks',
  iat: nowS,
  exp: nowS + 900,
};
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Keys;
let keySet: KeySet;
let asked = 0;
let clockMs = nowMs;

const sign = (payload: JWTPayload, header: Record<string, unknown> = {}, by: Keys = keys): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1', ...header }).sign(by.privateKey);
const verifier = (): TokenVerifier =>
  new TokenVerifier({
    issuer: 'mystocks',
    keys: () => {
      asked += 1;
      return Promise.resolve(keySet);
    },
    clock: { now: () => clockMs },
  });
const problemOf = async (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => 'passed',
    (error: Failure) => error.problem ?? error.code,
  );

beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true });
  keySet = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' } as SigningKey] };
});

describe('TokenVerifier', () => {
  it('accepts a whole token, drops unknown roles and remembers it', async () => {
    const one = verifier();
    const token = await sign(claims);
    expect(one.remembered(token)).toBeUndefined();
    const caller = await one.verify(token);
    expect(caller).toEqual({ id: claims.sub, username: 'desk-1', roles: ['user'], expiresAtMs: claims.exp * 1_000 });
    expect(one.remembered(token)).toBe(caller);
  });

  it('forgets a remembered token the moment it ends', async () => {
    const one = verifier();
    const token = await sign(claims);
    await one.verify(token);
    clockMs = claims.exp * 1_000;
    expect(one.remembered(token)).toBeUndefined();
    expect(await problemOf(one.verify(token))).toBe('TOKEN_EXPIRED');
    clockMs += 6_000;
    expect(await problemOf(one.verify(token))).toBe('TOKEN_EXPIRED');
    clockMs = nowMs;
  });

  it.each<[string, JWTPayload, Record<string, unknown>]>([
    ['another issuer', { ...claims, iss: 'other' }, {}],
    ['another audience', { ...claims, aud: 'other' }, {}],
    ['another type', claims, { typ: 'JWT' }],
    ['a life of more than 15 minutes', { ...claims, exp: nowS + 901 }, {}],
    ['an issue time in the future', { ...claims, iat: nowS + 600, exp: nowS + 1_400 }, {}],
    ['a subject that is no UUID', { ...claims, sub: "' or 1=1" }, {}],
    ['an unknown key', claims, { kid: 'k2' }],
  ])('refuses %s', async (_what, payload, header) => {
    expect(await problemOf(verifier().verify(await sign(payload, header)))).toBe('TOKEN_INVALID');
  });

  it.each(['exp', 'iat', 'sub', 'jti', 'username', 'roles'])('refuses a token without %s', async (name) => {
    const payload = Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
    expect(await problemOf(verifier().verify(await sign(payload)))).toBe('TOKEN_INVALID');
  });

  it('refuses a foreign signature, alg none, a zero signature, garbage and giants', async () => {
    const token = await sign(claims);
    const [head = '', body = ''] = token.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: 'k1' })).toString('base64url');
    const hostile = [
      await sign(claims, {}, await generateKeyPair('ES256', { extractable: true })),
      `${none}.${body}.`,
      `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
      'garbage',
      '..',
      `${token}${'a'.repeat(5_000)}`,
    ];
    for (const bad of hostile) expect(await problemOf(verifier().verify(bad))).toBe('TOKEN_INVALID');
  });

  it('asks for the keys once, not once a bad token', async () => {
    const one = verifier();
    asked = 0;
    const unknown = await sign(claims, { kid: 'k9' });
    await Promise.all([one.verify(await sign(claims)), problemOf(one.verify(unknown)), problemOf(one.verify(unknown))]);
    await problemOf(one.verify(unknown));
    expect(asked).toBe(1);
  });

  it('says unavailable, not unauthenticated, when no key can be had', async () => {
    const one = new TokenVerifier({
      issuer: 'mystocks',
      keys: () => Promise.reject(new Failure('unavailable', 'auth is down')),
    });
    expect(await problemOf(one.verify(await sign(claims)))).toBe('unavailable');
  });
});

describe('authorize', () => {
  const caller: Caller = { id: claims.sub, username: 'a', roles: ['auditor'], expiresAtMs: 0 };
  it('lets anyone in only where anyone may', () => {
    expect(() => {
      authorize('anyone', undefined);
    }).not.toThrow();
    expect(() => {
      authorize(['user'], undefined);
    }).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
    expect(() => {
      authorize(['user', 'admin'], caller);
    }).toThrow(expect.objectContaining({ code: 'forbidden' }));
    expect(() => {
      authorize(['auditor'], caller);
    }).not.toThrow();
  });
});
