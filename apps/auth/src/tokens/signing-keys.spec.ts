import { describe, expect, it } from '@jest/globals';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { TokenVerifier } from '@mystocks/identity';
import { Secret } from '@mystocks/secrets';
import { AccessTokens } from './access-tokens.js';
import { SigningKeys } from './signing-keys.js';

const pemOf = (curve = 'P-256'): string =>
  generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const [oldPem, newPem] = [pemOf(), pemOf()];
const user = { id: '7b0c6a9e-3f1d-4a57-9f0e-2f1a5a3d9c11', username: 'desk-1', roles: ['user', 'feed'] as const };
const verifierOf = (keys: SigningKeys): TokenVerifier =>
  new TokenVerifier({ issuer: 'mystocks', keys: () => Promise.resolve(keys.published) });

describe('SigningKeys', () => {
  it('names a key by its RFC 7638 thumbprint and publishes nothing private', async () => {
    const { keys } = (await SigningKeys.load({ current: new Secret(oldPem) })).published;
    const { x, y, kid } = keys[0]!;
    const canonical = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y });
    expect(kid).toBe(createHash('sha256').update(canonical).digest('base64url'));
    expect(Object.keys(keys[0]!).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  it('signs tokens that the verifier of every service accepts', async () => {
    const keys = await SigningKeys.load({ current: new Secret(oldPem) });
    const issued = await new AccessTokens(keys, 'mystocks').issueFor(user);
    expect(issued).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'user feed' });
    expect(await verifierOf(keys).verify(issued.access_token)).toMatchObject({
      id: user.id,
      username: 'desk-1',
      roles: user.roles,
    });
  });

  it('keeps tokens of the key before good after a rotation, and signs with the new one', async () => {
    const before = await SigningKeys.load({ current: new Secret(oldPem) });
    const after = await SigningKeys.load({ current: new Secret(newPem), previous: new Secret(oldPem) });
    const [older, newer] = [new AccessTokens(before, 'mystocks'), new AccessTokens(after, 'mystocks')];
    const verifier = verifierOf(after);
    for (const tokens of [older, newer]) {
      const { access_token } = await tokens.issueFor(user);
      expect((await verifier.verify(access_token)).id).toBe(user.id);
    }
    expect(after.published.keys).toHaveLength(2);
    const { access_token } = await newer.issueFor(user);
    const header = JSON.parse(Buffer.from(access_token.split('.')[0]!, 'base64url').toString()) as object;
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: after.published.keys[0]!.kid });
  });

  it.each<[string, { current: string; previous?: string }]>([
    ['AUTH_SIGNING_KEY', { current: 'hunter2' }],
    ['AUTH_SIGNING_KEY', { current: pemOf('P-384') }],
    ['AUTH_PREVIOUS_KEY', { current: newPem, previous: 'hunter2' }],
  ])('refuses a bad %s by its name, without its value', async (name, { current, previous }) => {
    const loading = SigningKeys.load({
      current: new Secret(current),
      ...(previous && { previous: new Secret(previous) }),
    });
    await expect(loading).rejects.toThrow(name);
    await expect(loading).rejects.not.toThrow('hunter2');
  });
});
