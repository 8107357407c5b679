import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { changeRoles, getMe, issueToken, listBars, listUsers, readAnswer } from '@mystocks/contracts';
import { routesOf } from '../src/edge/route-table.js';
import { answerOf, startGateway, user, type Gateway } from './harness.js';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway();
  gateway.bus
    .answer(readAnswer, () => answerOf({ bars: [] }))
    .answer(getMe, () => user)
    .answer(listUsers, () => ({ users: [user] }))
    .answer(changeRoles, () => user)
    .answer(issueToken, () => ({ access_token: 'x', token_type: 'Bearer' as const, expires_in: 900, scope: 'user' }));
});
afterAll(() => gateway.close());

const post = (
  path: string,
  body: string,
  type = 'application/json',
  token = gateway.token('admin'),
): Promise<Response> => gateway.get(path, { method: 'POST', body, headers: { 'content-type': type }, token });
const codeOf = async (response: Response): Promise<number> => ((await response.json()) as { code: number }).code;

describe('who may pass', () => {
  const open = new Set([
    'POST /api/v2/auth/register',
    'POST /api/v2/auth/bootstrap',
    'POST /api/v2/auth/token',
    'POST /api/v1/auth/login',
    'POST /api/v1/auth/register',
    'GET /.well-known/jwks.json',
    'GET /api/v1/openapi.json',
    'GET /api/v2/openapi.json',
    'GET /docs',
    'GET /docs/start.js',
    'GET /docs/:file',
  ]);

  it('no caller without a token, on any route but the public ones', async () => {
    const routes = routesOf(gateway.edge.server).filter(({ method }) => method !== 'HEAD');
    expect(routes.length).toBeGreaterThan(20);
    const seen: string[] = [];
    for (const { method, template } of routes) {
      const path = template.replaceAll(/:[a-z]+/g, '600519.SH');
      const type = template.endsWith('/uploads') ? 'multipart/form-data; boundary=b' : 'application/json';
      const body = method === 'GET' ? {} : { body: '{}', headers: { 'content-type': type } };
      const response = await gateway.get(path, { method, token: '', ...body });
      if (response.status !== 401) seen.push(`${method} ${template}`);
      else expect(response.headers.get('www-authenticate')).toContain('Bearer');
    }
    expect(new Set(seen)).toEqual(open);
  });

  it('only the roles that the contract allows, on the hot path too', async () => {
    const path = '/api/v2/stocks/600519.SH/bars?limit=7';
    for (const cache of ['miss', 'l1-hit']) {
      expect((await gateway.get(path)).headers.get('x-cache')).toBe(cache);
    }
    const auditor = gateway.token('auditor');
    for (const round of [1, 2]) {
      const refused = await gateway.get(path, { token: auditor });
      expect([round, await codeOf(refused)]).toEqual([round, 6001]);
      expect(refused.headers.get('www-authenticate')).toContain('insufficient_scope');
    }
    expect((await gateway.get('/api/v2/users', { token: gateway.token('operator') })).status).toBe(403);
    expect((await post('/api/v2/quotes', '{}', 'application/json', gateway.token('user'))).status).toBe(403);
  });

  it('no token that was changed, and none in the query or under another scheme', async () => {
    const token = gateway.token('user');
    const path = '/api/v2/stocks/600519.SH/bars';
    const broken = `${token.slice(0, -6)}AAAAAA`;
    expect(await codeOf(await gateway.get(path, { token: broken }))).toBe(6003);
    expect((await gateway.get(path, { token: '', headers: { authorization: `Basic ${token}` } })).status).toBe(401);
    expect((await gateway.get(`${path}?access_token=${token}`, { token: '' })).status).toBe(401);
    expect((await gateway.get(path, { token: '', headers: { 'x-user-id': '1' } })).status).toBe(401);
  });

  it('sends the caller’s own token on to the owning service', async () => {
    gateway.contexts.length = 0;
    const token = gateway.token('admin');
    await gateway.get('/api/v2/users', { token });
    expect(gateway.contexts.map((context) => context?.token)).toContain(token);
  });

  it('keeps answers about identity out of every cache', async () => {
    const response = await post(
      '/api/v2/auth/token',
      'grant_type=password&username=desk&password=x&scope=',
      'application/x-www-form-urlencoded',
      '',
    );
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(listBars.allow).not.toContain('auditor');
  });
});
