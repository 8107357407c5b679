import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresPool } from '@mystocks/connection-pool';
import { AddressedClient, type PostAnswer } from '@mystocks/testing';
import { startSystem, type System } from '@mystocks/testing';

const PASSWORD = 'lunch tractor velvet 9';
const LOGIN = '/api/v2/auth/token';
const REGISTER = '/api/v2/auth/register';
const FLOOD = 40;

let system: System;
const clients: AddressedClient[] = [];
const at = (localAddress: string): AddressedClient => {
  const client = new AddressedClient(system.url, localAddress);
  clients.push(client);
  return client;
};
const login = (client: AddressedClient, username: string, password = PASSWORD): Promise<PostAnswer> =>
  client.post(LOGIN, { grant_type: 'password', username, password });
const statuses = (answers: readonly PostAnswer[]): number[] => answers.map(({ status }) => status);

/** Refused answers are 429 or 503 and say when to come back; no answer is 504. */
function expectDecentRefusals(answers: readonly PostAnswer[], others: readonly number[]): void {
  for (const { status, retryAfter } of answers) {
    if (others.includes(status)) continue;
    expect([429, 503]).toContain(status);
    expect(retryAfter).toMatch(/^[1-9]\d*$/);
  }
}

beforeAll(async () => {
  system = await startSystem({ postgres: { replicas: 0 } });
  const client = at('127.0.0.1');
  for (const name of ['honest-1', 'honest-2', 'honest-3', 'owner-1']) {
    expect((await client.post(REGISTER, { username: name, password: PASSWORD })).status).toBe(201);
  }
}, 90_000);
afterAll(async () => {
  for (const client of clients) client.close();
  await system.stop();
}, 30_000);

describe('a flood of password work', () => {
  it.each([
    ['many accounts', (index: number) => `unknown-${index}`],
    ['one account', () => 'honest-1'],
  ])(
    'a flood of password work from one address against %s leaves the logins of other addresses alone',
    async (_what, nameOf) => {
      const flooder = at('127.0.0.1');
      const flood: Promise<PostAnswer>[] = [];
      for (const [index, name] of ['honest-1', 'honest-2', 'honest-3'].entries()) {
        for (let attempt = 0; attempt < FLOOD; attempt += 1) flood.push(login(flooder, nameOf(attempt), 'wrong'));
        expect((await login(at(`127.0.0.${index + 2}`), name)).status).toBe(200);
      }
      const answers = await Promise.all(flood);
      expectDecentRefusals(answers, [401]);
      expect(statuses(answers).filter((status) => status !== 401).length).toBeGreaterThan(0);
    },
  );

  it('answers what the deadline of the caller leaves no time for at once, and never with 504', async () => {
    const flooder = at('127.0.0.1');
    const attempts = Array.from({ length: FLOOD }, (_, index) =>
      flooder.post(
        LOGIN,
        { grant_type: 'password', username: `unknown-second-${index}`, password: 'wrong' },
        { 'x-deadline-ms': '1500' },
      ),
    );
    expectDecentRefusals(await Promise.all(attempts), [401]);
  });

  it('gives one of many simultaneous registrations of a name 201 and all others 409', async () => {
    const client = at('127.0.0.5');
    const attempts = Array.from({ length: 20 }, () =>
      client.post(REGISTER, { username: 'wanted-name', password: PASSWORD }),
    );
    const answers = statuses(await Promise.all(attempts)).sort();
    expect(answers).toEqual([201, ...Array<number>(19).fill(409)]);
    expect((await client.post(REGISTER, { username: 'Wanted-Name', password: PASSWORD })).status).toBe(409);
  });

  it('a flood of password work of registrations leaves logins alone, and a flood of logins leaves registrations alone', async () => {
    const flooder = at('127.0.0.1');
    const registrations = Array.from({ length: FLOOD }, (_, index) =>
      flooder.post(REGISTER, { username: `flood-${index}`, password: PASSWORD }),
    );
    expect((await login(at('127.0.0.2'), 'honest-2')).status).toBe(200);
    expectDecentRefusals(await Promise.all(registrations), [201]);
    const logins = Array.from({ length: FLOOD }, (_, index) => login(flooder, `unknown-first-${index}`));
    const registered = await at('127.0.0.2').post(REGISTER, { username: 'new-user', password: PASSWORD });
    expect(registered.status).toBe(201);
    expectDecentRefusals(await Promise.all(logins), [401]);
  });

  it('a flood of password work has one login a second for an address from which 20 in a row have failed, until one succeeds there', async () => {
    const flooder = at('127.0.0.8');
    const wrong = (index: number): Promise<PostAnswer> => login(flooder, `unknown-third-${index}`, 'wrong');
    for (let index = 0; index < 20; index += 1) expect((await wrong(index)).status).toBe(401);
    const startedAt = performance.now();
    const flood = Array.from({ length: FLOOD }, (_, index) => wrong(index));
    expect((await login(at('127.0.0.9'), 'honest-1')).status).toBe(200);
    const answers = await Promise.all(flood);
    const seconds = (performance.now() - startedAt) / 1_000;
    expectDecentRefusals(answers, [401]);
    expect(statuses(answers).filter((status) => status === 401).length).toBeLessThanOrEqual(seconds);
    expect((await login(flooder, 'honest-1')).status).toBe(200);
    const next = await Promise.all(['honest-1', 'honest-2', 'honest-3'].map((name) => login(flooder, name)));
    expect(statuses(next)).toEqual([200, 200, 200]);
    expect(Math.max(...next.map(({ ms }) => ms))).toBeLessThan(2_000);
  });

  it('locks a guesser out of an account, but not its owner at another address', async () => {
    const [guesser, home] = [at('127.0.0.6'), at('127.0.0.7')];
    const guess = (): Promise<PostAnswer> => login(guesser, 'owner-1', 'wrong wrong wrong');
    expect((await guess()).status).toBe(401);
    // As after thirty guesses: the next one closes the account to the guesser for 15 minutes.
    const pool = new PostgresPool({
      name: 'test',
      url: system.postgres.superuserUrl,
      size: 1,
      overflow: 0,
      statementTimeoutMs: 5_000,
    });
    await pool.write((client) => client.query('UPDATE auth.login_addresses SET failures = 30 WHERE failures = 1'));
    await pool.close();
    expect((await guess()).status).toBe(401);
    const locked = await login(guesser, 'owner-1');
    expect([locked.status, Number(locked.retryAfter) > 800]).toEqual([429, true]);
    expect((await login(home, 'owner-1')).status).toBe(200);
    // The owner's success does not open the account to the guesser.
    expect((await login(guesser, 'owner-1')).status).toBe(429);
  });
});
