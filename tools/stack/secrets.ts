import type { PostgresPasswords } from '@mystocks/testing';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Plan } from './plan.ts';

/** Everything secret of a stack; made once, kept in `.stack/secrets.json` (mode 600). */
export interface StackSecrets {
  readonly nats_token: string;
  readonly redis_password: string;
  readonly postgres: PostgresPasswords;
  /** P-256, PKCS #8, PEM. */
  readonly signing_key: string;
  readonly password_pepper: string;
  readonly bootstrap_token: string;
  /** What the cache service proves itself with to the auth service. */
  readonly cache_client_secret: string;
}

const random = (): string => randomBytes(32).toString('base64url');

/** The stack's secrets; new ones the first time. A stack from before there was one of them gets that one now. */
export function readSecrets(plan: Plan): StackSecrets {
  const file = plan.file('secrets.json');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<StackSecrets>) : {};
  const fresh = freshSecrets();
  const secrets = { ...fresh, ...known, postgres: { ...fresh.postgres, ...known.postgres } };
  if (JSON.stringify(secrets) !== JSON.stringify(known)) writePrivately(file, secrets);
  return secrets;
}

const freshSecrets = (): StackSecrets => ({
  nats_token: random(),
  redis_password: random(),
  postgres: {
    postgres: random(),
    mystocks_owner: random(),
    market_data: random(),
    auth: random(),
    cache: random(),
    replicator: random(),
  },
  signing_key: generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'pem', type: 'pkcs8' })
    .toString(),
  password_pepper: random(),
  bootstrap_token: random(),
  cache_client_secret: random(),
});

/** Writes a file that only its owner may read. */
export function writePrivately(file: string, value: object): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
}
