import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { TokenVerifier } from '@mystocks/identity';
import { Secret } from '@mystocks/secrets';
import { AccessTokens } from './access-tokens.js';
import { ServiceTokensService } from './service-tokens.service.js';
import { SigningKeys } from './signing-keys.js';

const secret = 's'.repeat(32);
const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' });
const keys = await SigningKeys.load({ current: new Secret(pem.toString()) });
const service = (set: string | undefined = secret): ServiceTokensService =>
  new ServiceTokensService({ cache: set === '' ? undefined : new Secret(set) }, new AccessTokens(keys, 'mystocks'));

describe('tokens of services', () => {
  it('tokens of services let a service read as a guest, under a name no user can have', async () => {
    const token = await service().issue({ client_id: 'cache', client_secret: secret });
    expect(token).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    const verifier = new TokenVerifier({ issuer: 'mystocks', keys: () => Promise.resolve(keys.published) });
    expect(await verifier.verify(token.access_token)).toMatchObject({ username: 'service:cache', roles: ['guest'] });
  });

  it.each([
    ['a wrong secret', 'cache', secret, 'x'.repeat(32)],
    ['a secret that only begins right', 'cache', secret, `${secret}s`],
    ['an unknown client', 'gateway', secret, secret],
    ['a client named like a property of every object', 'constructor', secret, secret],
    ['a client that is turned off', 'cache', '', secret],
  ])('tokens of services are refused to %s, with the same words', async (_what, client_id, set, client_secret) => {
    await expect(service(set).issue({ client_id, client_secret })).rejects.toMatchObject({
      code: 'unauthenticated',
      message: 'Wrong client or secret',
    });
  });
});
