import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bootstrapAdministrator, Failure, getMe, issueToken, registerUser } from '@mystocks/contracts';
import { waitFor } from '@mystocks/testing';
import { startGateway, user, type Gateway } from './harness.js';

const PASSWORD = 'lunch tractor velvet 9';
const json = (value: object): RequestInit & { readonly body: string } => ({
  method: 'POST',
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/json' },
});
const form = {
  method: 'POST',
  body: 'username=desk-1&password=x',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
};
const bootstrap = { username: 'desk-1', password: PASSWORD, bootstrap_token: 'x'.repeat(43) };
const passwordWork: readonly (readonly [string, RequestInit])[] = [
  ['/api/v2/auth/token', json({ grant_type: 'password', username: 'desk-1', password: 'x' })],
  ['/api/v2/auth/register', json({ username: 'desk-1', password: PASSWORD })],
  ['/api/v2/auth/bootstrap', json(bootstrap)],
  ['/api/v1/auth/login', form],
  ['/api/v1/auth/register', json({ username: 'desk-1', password: PASSWORD })],
];

let direct: Gateway;
let behindProxy: Gateway;

beforeAll(async () => {
  [direct, behindProxy] = await Promise.all([
    startGateway(),
    startGateway(undefined, { trustedProxies: ['127.0.0.1'] }),
  ]);
  for (const { bus } of [direct, behindProxy]) {
    bus
      .answer(issueToken, () => ({ access_token: 'x', token_type: 'Bearer' as const, expires_in: 900, scope: 'user' }))
      .answer(registerUser, () => user)
      .answer(bootstrapAdministrator, () => user)
      .answer(getMe, () => user);
  }
});
afterAll(async () => {
  await Promise.all([direct.close(), behindProxy.close()]);
});

async function addressesTold(gateway: Gateway, path: string, init: RequestInit, forwarded?: string): Promise<unknown> {
  gateway.contexts.length = 0;
  const headers = { ...(init.headers as Record<string, string>), ...(forwarded && { 'x-forwarded-for': forwarded }) };
  const response = await gateway.get(path, { ...init, headers, token: '' });
  expect(response.status).toBeLessThan(300);
  return gateway.contexts[0]?.clientAddress;
}

describe('the address of the client', () => {
  it.each(passwordWork)('goes along with the password work of %s', async (path, init) => {
    expect(await addressesTold(direct, path, init)).toBe('127.0.0.1');
  });

  it.each(passwordWork)(
    'the address of the client is not what a client says of itself in X-Forwarded-For to %s',
    async (path, init) => {
      expect(await addressesTold(direct, path, init, '192.0.2.7')).toBe('127.0.0.1');
    },
  );

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    // Only what the trusted proxy itself appended counts.
    ['198.51.100.9, 192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['no address', '127.0.0.1'],
  ])('the address of the client is what a trusted proxy says: %s is %s', async (forwarded, address) => {
    const [path, init] = passwordWork[0]!;
    expect(await addressesTold(behindProxy, path, init, forwarded)).toBe(address);
  });

  it.each(passwordWork)(
    'the address of the client has at most 32 calls under way at a time to %s',
    async (path, init) => {
      const waiting: (() => void)[] = [];
      const held = async <T>(value: T): Promise<T> => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return value;
      };
      const token = { access_token: 'x', token_type: 'Bearer' as const, expires_in: 900, scope: 'user' };
      direct.bus
        .answer(issueToken, () => held(token))
        .answer(registerUser, () => held(user))
        .answer(bootstrapAdministrator, () => held(user));
      const headers = init.headers as Record<string, string>;
      const refused: Response[] = [];
      const answers = Array.from({ length: 40 }, async () => {
        const answer = await direct.get(path, { ...init, headers, token: '' });
        if (answer.status === 429) refused.push(answer);
        return answer.status;
      });
      await waitFor(() => waiting.length + refused.length === 40, { timeoutMs: 30_000 });
      for (const answer of waiting) answer();
      expect((await Promise.all(answers)).filter((status) => status < 300)).toHaveLength(32);
      expect(refused.map(({ headers: told }) => told.get('retry-after'))).toEqual(Array(8).fill('1'));
    },
  );

  it('the address of the client has its calls back when its clients go away before their answers', async () => {
    let calls = 0;
    direct.bus.answer(issueToken, () => {
      calls += 1;
      return new Promise(() => undefined);
    });
    const [path, init] = passwordWork[0]!;
    const gone = new AbortController();
    const left = Array.from({ length: 32 }, () =>
      direct.get(path, { ...init, signal: gone.signal, token: '' }).catch(() => 'gone'),
    );
    await waitFor(() => calls === 32, { timeoutMs: 30_000 });
    gone.abort();
    expect(new Set(await Promise.all(left))).toEqual(new Set(['gone']));
    direct.bus.answer(issueToken, () => ({
      access_token: 'x',
      token_type: 'Bearer' as const,
      expires_in: 900,
      scope: 'user',
    }));
    await waitFor(async () => (await direct.get(path, { ...init, token: '' })).status === 200, { timeoutMs: 5_000 });
  });

  it('keeps the place of a call that auth has refused for a second, so that a flood does not reach auth', async () => {
    behindProxy.bus.answer(issueToken, () => {
      throw new Failure('rate_limited', 'Too many logins', { retryAfterS: 4 });
    });
    const [path, init] = passwordWork[0]!;
    const login = async (forwarded: string): Promise<string> => {
      const headers = { ...(init.headers as Record<string, string>), 'x-forwarded-for': forwarded };
      const answer = await behindProxy.get(path, { ...init, headers, token: '' });
      return `${answer.status} ${answer.headers.get('retry-after')}`;
    };
    const before = behindProxy.count(issueToken);
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: 200 }, () => login('192.0.2.99')));
    const seconds = Math.ceil((performance.now() - startedAt) / 1_000);
    expect(behindProxy.count(issueToken) - before).toBeLessThanOrEqual(32 * seconds);
    expect(new Set(answers)).toEqual(new Set(['429 1', '429 4']));
    expect(await login('192.0.2.7')).toBe('429 4');
    await waitFor(async () => (await login('192.0.2.99')) === '429 4', { timeoutMs: 5_000 });
  });
});
