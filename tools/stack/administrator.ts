import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Plan } from './plan.ts';
import { writePrivately, type StackSecrets } from './secrets.ts';

/** The first administrator, as kept in `.stack/admin.json` (mode 600). */
export interface Administrator {
  readonly username: string;
  readonly password: string;
}

/** Makes the first administrator with a random password, unless there is one. */
export async function ensureAdministrator(plan: Plan, secrets: StackSecrets): Promise<Administrator> {
  const file = plan.file('admin.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Administrator;
  const administrator = { username: 'admin', password: randomBytes(18).toString('base64url') };
  await post(`${plan.gatewayUrl}/api/v2/auth/bootstrap`, {
    bootstrap_token: secrets.bootstrap_token,
    ...administrator,
  });
  writePrivately(file, administrator);
  return administrator;
}

/** An access token of the stack's administrator. */
export async function administratorToken(plan: Plan): Promise<string> {
  const file = plan.file('admin.json');
  if (!existsSync(file)) throw new Error(`${file} is not there: run \`npm start\` first`);
  const { username, password } = JSON.parse(readFileSync(file, 'utf8')) as Administrator;
  const answer = await post(`${plan.gatewayUrl}/api/v2/auth/token`, { grant_type: 'password', username, password });
  const { access_token: token } = answer as { access_token?: unknown };
  if (typeof token !== 'string') throw new Error('the gateway answered without an access token');
  return token;
}

async function post(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  }).catch((error: unknown) => {
    const cause = error instanceof Error ? error.cause : undefined;
    const why = cause instanceof Error ? cause.message : String(error);
    throw new Error(`${url} does not answer (${why}): is the stack running? \`npm start\``, { cause: error });
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${String(response.status)}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as unknown;
}
