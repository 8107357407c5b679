import { beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '@mystocks/config';
import { Failure, issueServiceToken, type ServiceToken } from '@mystocks/contracts';
import { currentContext } from '@mystocks/telemetry';
import { FakeBus } from '@mystocks/testing';
import { ServiceAccess } from './service-access.js';

const secret = new Secret('s'.repeat(32));
const tokenOf = (access_token: string): ServiceToken => ({ access_token, token_type: 'Bearer', expires_in: 900 });
let nowMs: number;
let issued: number;
let fake: FakeBus;
let service: ServiceAccess;
beforeEach(() => {
  [nowMs, issued, fake] = [1_000_000, 0, new FakeBus()];
  fake.answer(issueServiceToken, () => {
    issued += 1;
    return tokenOf(`token-${issued}`);
  });
  service = new ServiceAccess(fake, secret, { now: () => nowMs });
});
const token = (): Promise<string | undefined> => service.run(() => Promise.resolve(currentContext()?.token));

describe('the token of the service', () => {
  it('the token of the service is asked for when it is needed, with its secret, and then kept', async () => {
    expect(issued).toBe(0);
    expect(await Promise.all([token(), token(), token()])).toEqual(['token-1', 'token-1', 'token-1']);
    expect(await token()).toBe('token-1');
    expect(fake.called).toEqual([
      { subject: issueServiceToken.subject, request: { client_id: 'cache', client_secret: 's'.repeat(32) } },
    ]);
  });

  it('the token of the service is renewed a minute before it ends, in the middle of whatever it is used for', async () => {
    await token();
    nowMs += 839_999;
    expect(await token()).toBe('token-1');
    nowMs += 1;
    expect(await token()).toBe('token-2');
  });

  it('gives its caller the rights of a guest, until it ends', async () => {
    expect(await service.run((caller) => Promise.resolve(caller))).toMatchObject({
      roles: ['guest'],
      expiresAtMs: nowMs + 900_000,
    });
  });

  it('says that it is refused, and no more once it is not', async () => {
    fake.answer(issueServiceToken, () => {
      throw new Failure('unauthenticated', 'Wrong client or secret');
    });
    await expect(token()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(service.refusal).toMatch(/refuses CACHE_CLIENT_SECRET/);
    fake.answer(issueServiceToken, () => tokenOf('good'));
    expect(await token()).toBe('good');
    expect(service.refusal).toBeUndefined();
  });

  it('the token of the service is no refusal when the auth service is away', async () => {
    fake.answer(issueServiceToken, () => {
      throw new Failure('unavailable', 'no instance answers');
    });
    await expect(token()).rejects.toMatchObject({ code: 'unavailable' });
    expect(service.refusal).toBeUndefined();
  });

  it('the token of the service is never asked for without a secret', async () => {
    const without = new ServiceAccess(fake, undefined, { now: () => nowMs });
    expect(without.refusal).toBe('CACHE_CLIENT_SECRET is not set');
    await expect(without.run(() => Promise.resolve())).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(fake.called).toEqual([]);
  });
});
