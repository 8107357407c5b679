import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Bus } from '@mystocks/bus';
import { PostgresPool } from '@mystocks/connection-pool';
import {
  bootstrapAdministrator,
  changeRoles,
  getMe,
  issueToken,
  listKeys,
  listUsers,
  registerUser,
  type Call,
  type User,
} from '@mystocks/contracts';
import { TokenVerifier } from '@mystocks/identity';
import { withContext } from '@mystocks/telemetry';
import {
  makeKeys,
  signToken,
  startNats,
  startPostgres,
  startService,
  waitFor,
  type NatsServer,
  type PostgresServer,
  type StartedService,
} from '@mystocks/testing';

const BOOTSTRAP = randomBytes(32).toString('base64url');
const PASSWORD = 'lunch tractor velvet 9';
const LONG = `canary ${'x'.repeat(66)}`;
const keys = makeKeys();
let nats: NatsServer;
let postgres: PostgresServer;
let services: StartedService[];
let bus: Bus;
let pool: PostgresPool;

const asCaller = <Req extends object, Res extends object>(
  token: string,
  call: Call<Req, Res>,
  request: NoInfer<Req>,
): Promise<Res> => withContext({ requestId: randomUUID(), traceparent: '', token }, () => bus.call(call, request));
const codeOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => 'done',
    (error: { code: unknown }) => error.code,
  );
const tokenFor = async (username: string, password = PASSWORD): Promise<string> =>
  (await bus.call(issueToken, { grant_type: 'password', username, password })).access_token;
const register = (username: string, password = PASSWORD): Promise<User> =>
  bus.call(registerUser, { username, password });
const bootstrap = (username: string, bootstrap_token = BOOTSTRAP): Promise<User> =>
  bus.call(bootstrapAdministrator, { username, password: PASSWORD, bootstrap_token });
const wrongLogin = (username: string): Promise<unknown> => codeOf(tokenFor(username, 'wrong wrong wrong'));

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  const migrate = fileURLToPath(new URL('../dist/migrate.js', import.meta.url));
  const env = { PG_MIGRATION_URL: postgres.ownerUrl };
  for (const said of [/Users\d+/, /nothing to migrate/])
    expect(execFileSync(process.execPath, [migrate], { env }).toString()).toMatch(said);
  const settings = {
    NATS_URL: nats.url,
    PG_PRIMARY_URL: postgres.urlOf('auth'),
    AUTH_SIGNING_KEY: keys.privateKeyPem,
    AUTH_PASSWORD_PEPPER: 'pepper-canary-'.repeat(3),
    AUTH_BOOTSTRAP_TOKEN: BOOTSTRAP,
    AUTH_BCRYPT_COST: '10',
    LOG_LEVEL: 'debug',
  };
  services = await Promise.all([startService('auth', settings), startService('auth', settings)]);
  bus = Bus.connect({ servers: nats.url, service: 'test' });
  pool = new PostgresPool({
    name: 'test',
    url: postgres.superuserUrl,
    size: 1,
    overflow: 1,
    statementTimeoutMs: 5_000,
  });
  await waitFor(() => bus.connected, { timeoutMs: 5_000, what: 'the bus' });
}, 60_000);

afterAll(async () => {
  await bus?.drain();
  await pool?.close();
  await Promise.all((services ?? []).map((service) => service.stop()));
  await Promise.all([nats?.stop(), postgres?.stop()]);
}, 60_000);

describe('auth on real servers', () => {
  it('ms-17: knows no account on a fresh database', async () => {
    const { rows } = await pool.query<{ users: number }>({ text: 'SELECT count(*)::int AS users FROM auth.users' });
    expect(rows[0]?.users).toBe(0);
    for (const password of ['admin123', 'admin', 'password'])
      expect(await codeOf(tokenFor('admin', password))).toBe('unauthenticated');
  });

  it('makes one first administrator, however many try at once, and only with the token', async () => {
    expect(await codeOf(bootstrap('intruder', 'x'.repeat(43)))).toBe('forbidden');
    const outcomes = await Promise.all(Array.from({ length: 12 }, (_, index) => codeOf(bootstrap(`chief-${index}`))));
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'conflict')).toHaveLength(11);
    expect(await codeOf(bootstrap('chief-late'))).toBe('conflict');
    const { rows } = await pool.query<{ users: number }>({ text: 'SELECT count(*)::int AS users FROM auth.users' });
    expect(rows[0]?.users).toBe(1);
  });

  it('registers, gives a token that every service verifies, and says who one is', async () => {
    const user = await register('Desk-1');
    expect(user).toMatchObject({ username: 'Desk-1', roles: ['user'] });
    expect(Object.keys(user).sort()).toEqual(['created_at', 'id', 'roles', 'username']);
    const token = await tokenFor('dESK-1');
    const verifier = new TokenVerifier({ issuer: 'mystocks', keys: () => bus.call(listKeys, {}) });
    expect(await verifier.verify(token)).toMatchObject({ id: user.id, username: 'Desk-1', roles: ['user'] });
    expect(await asCaller(token, getMe, {})).toEqual(user);
    expect(await codeOf(asCaller(token, listUsers, { limit: 10 }))).toBe('forbidden');
    expect(await codeOf(bus.call(getMe, {}))).toBe('unauthenticated');
  });

  it('refuses a taken name in any case, a guessable password and a role one chooses oneself', async () => {
    expect(await codeOf(register('DESK-1'))).toBe('conflict');
    expect(await codeOf(register('desk-2', 'password123456789'))).toBe('unprocessable');
    expect(await codeOf(register('desk-2', 'this is desk-2 here'))).toBe('unprocessable');
    expect(
      await codeOf(bus.call(registerUser, { username: 'desk-2', password: PASSWORD, roles: ['admin'] } as never)),
    ).toBe('invalid');
  });

  it('says the same to a wrong password and an unknown name', async () => {
    const answers = await Promise.all(
      ['desk-1', 'unknown'].map((name) =>
        tokenFor(name, 'wrong').catch((error: Error) => JSON.stringify([error, error.message])),
      ),
    );
    expect(answers[0]).toBe(answers[1]);
    expect(answers[0]).toContain('Wrong username or password');
  });

  it('auth on real servers has no 72-byte trap', async () => {
    await register('desk-long', `${LONG}a`);
    expect(await codeOf(tokenFor('desk-long', `${LONG}b`))).toBe('unauthenticated');
    expect(await codeOf(tokenFor('desk-long', LONG))).toBe('unauthenticated');
    expect(await codeOf(tokenFor('desk-long', `${LONG}a`))).toBe('done');
  });

  it.each(['desk-locked', 'unknown-locked'])(
    'slows down guessing at %s after ten failures, also in parallel',
    async (name) => {
      if (name === 'desk-locked') await register(name);
      const outcomes = await Promise.all(Array.from({ length: 30 }, () => wrongLogin(name)));
      const failures = outcomes.filter((outcome) => outcome === 'unauthenticated').length;
      expect(failures).toBeGreaterThanOrEqual(10);
      // The first locks last 1, 2, 4 s: at most a few slip in between.
      expect(failures).toBeLessThanOrEqual(12);
      expect(outcomes.filter((outcome) => outcome === 'rate_limited')).toHaveLength(30 - failures);
      await pool.write((client) =>
        client.query('UPDATE auth.login_attempts SET failures = 99, locked_until = now() WHERE failures > 9'),
      );
      await wrongLogin(name);
      await expect(tokenFor(name)).rejects.toMatchObject({ code: 'rate_limited', retryAfterS: expect.any(Number) });
      const { rows } = await pool.query<{ hours: number }>({
        text: 'SELECT round(extract(epoch FROM max(locked_until) - now()) / 3600)::int AS hours FROM auth.login_attempts',
      });
      expect(rows[0]?.hours).toBe(24);
      await pool.write((client) => client.query('UPDATE auth.login_attempts SET locked_until = now()'));
      if (name === 'desk-locked') expect(await codeOf(tokenFor(name))).toBe('done');
      const left = await pool.query({ text: 'SELECT FROM auth.login_attempts WHERE failures >= 100' });
      expect(left.rowCount).toBe(name === 'desk-locked' ? 0 : 1);
    },
  );

  it('pages through the users and changes roles, but never takes the last administrator', async () => {
    const { rows } = await pool.query<{ username: string; id: string }>({
      text: "SELECT username, id FROM auth.users WHERE 'admin' = ANY (roles)",
    });
    const chief = rows[0]!;
    const token = await tokenFor(chief.username);
    const first = await asCaller(token, listUsers, { limit: 2 });
    const rest = await asCaller(token, listUsers, { limit: 200, after: first.users[1]!.id });
    expect([...first.users, ...rest.users].map(({ username }) => username)).toEqual(
      expect.arrayContaining([chief.username, 'Desk-1', 'desk-long']),
    );
    const desk = [...first.users, ...rest.users].find(({ username }) => username === 'Desk-1')!;
    expect(await codeOf(asCaller(token, changeRoles, { id: chief.id, roles: ['user'] }))).toBe('conflict');
    expect(await codeOf(asCaller(token, changeRoles, { id: randomUUID(), roles: [] }))).toBe('not_found');
    expect((await asCaller(token, changeRoles, { id: desk.id, roles: ['admin', 'admin', 'feed'] })).roles).toEqual([
      'admin',
      'feed',
    ]);
    const deskToken = await tokenFor('desk-1');
    // Each takes the other's role away at the same moment: one of them must stay.
    const outcomes = await Promise.all([
      codeOf(asCaller(token, changeRoles, { id: desk.id, roles: ['user'] })),
      codeOf(asCaller(deskToken, changeRoles, { id: chief.id, roles: ['user'] })),
    ]);
    expect(outcomes.sort()).toEqual(['done', 'forbidden']);
    const admins = await pool.query({ text: "SELECT FROM auth.users WHERE 'admin' = ANY (roles)" });
    expect(admins.rowCount).toBe(1);
    const foreignToken = signToken(['admin'], { keys });
    expect(await codeOf(asCaller(foreignToken, changeRoles, { id: chief.id, roles: ['user'] }))).toBe('forbidden');
    expect(await codeOf(asCaller(foreignToken, getMe, {}))).toBe('unauthenticated');
  });

  it('fails fast and says so while PostgreSQL is away, still gives its keys, and heals by itself', async () => {
    await postgres.kill();
    await waitFor(async () => (await services[0]!.readiness()).status === 503, { timeoutMs: 10_000 });
    // A call that waited for PostgreSQL until its deadline would end with `timeout`.
    expect(await codeOf(tokenFor('desk-1'))).toBe('unavailable');
    expect(await codeOf(register('desk-3'))).toBe('unavailable');
    expect((await bus.call(listKeys, {})).keys).toEqual(keys.keySet.keys);
    expect(JSON.stringify((await services[0]!.readiness()).body)).toContain('postgres');
    await postgres.restart();
    const ready = async (): Promise<boolean> =>
      (await Promise.all(services.map((one) => one.readiness()))).every(({ status }) => status === 200);
    await waitFor(ready, { timeoutMs: 15_000 });
    for (let login = 0; login < 6; login++) expect(await codeOf(tokenFor('desk-1'))).toBe('done');
  }, 60_000);

  it('auth on real servers has written no password, token, key or pepper anywhere', async () => {
    const { rows } = await pool.query<{ text: string }>({
      text: 'SELECT (SELECT json_agg(u) FROM auth.users u)::text || (SELECT json_agg(a) FROM auth.login_attempts a)::text AS text',
    });
    const written = `${services.map((service) => service.output()).join('\n')}\n${rows[0]?.text}`;
    expect(written).toContain('a user logged in');
    const pieces = [PASSWORD, 'wrong wrong', 'canary', 'pepper-', BOOTSTRAP, keys.privateKeyPem.split('\n')[1]!, 'eyJ'];
    pieces.push(createHmac('sha384', 'pepper-canary-'.repeat(3)).update(PASSWORD).digest('base64'));
    for (const piece of pieces) expect(written.includes(piece)).toBe(false);
  });
});
