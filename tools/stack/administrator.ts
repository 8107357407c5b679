import { createAdministrator, login, type Account, type SystemSecrets } from '@mystocks/testing';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Plan } from './plan.ts';
import { writePrivately } from './secrets.ts';

/** Creates the first administrator with a random password, unless `.stack/admin.json` (mode 600) names one. */
export async function ensureAdministrator(plan: Plan, secrets: SystemSecrets): Promise<Account> {
  const file = plan.file('admin.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Account;
  const administrator = { username: 'admin', password: randomBytes(18).toString('base64url') };
  await createAdministrator(plan.gatewayUrl, secrets.bootstrap_token, administrator);
  writePrivately(file, administrator);
  return administrator;
}

/** An access token of the stack's administrator. */
export async function administratorToken(plan: Plan): Promise<string> {
  const file = plan.file('admin.json');
  if (!existsSync(file)) throw new Error(`${file} is not there: run \`npm start\` first`);
  return login(plan.gatewayUrl, JSON.parse(readFileSync(file, 'utf8')) as Account);
}
