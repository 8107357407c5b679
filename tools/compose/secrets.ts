import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const random = (): string => randomBytes(32).toString('base64url');
const DATABASE = 'mystocks';

/** What nothing else can be made from. */
const roots: Readonly<Record<string, () => string>> = {
  nats_token: random,
  redis_password: random,
  postgres_password: random,
  owner_password: random,
  market_data_password: random,
  auth_password: random,
  cache_password: random,
  replicator_password: random,
  // At most 16 characters of at least three kinds is what TDengine takes.
  tdengine_password: () => `Td1-${randomBytes(9).toString('hex').slice(0, 12)}`,
  auth_signing_key: () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  auth_password_pepper: random,
  auth_bootstrap_token: random,
  cache_client_secret: random,
};

type Known = (name: string) => string;
const postgres = (role: string, password: string, host: string): string =>
  `postgresql://${role}:${password}@${host}:5432/${DATABASE}`;

/** The same secrets in a form for people. */
const derived: Readonly<Record<string, (known: Known) => string>> = {
  nats_authorization: (known) => `authorization { token: "${known('nats_token')}" }`,
  redis_authorization: (known) => `requirepass "${known('redis_password')}"`,
  redis_url: (known) => `redis://:${known('redis_password')}@redis:6379`,
  pg_migration_url: (known) => postgres('mystocks_owner', known('owner_password'), 'postgres'),
  pg_auth_url: (known) => postgres('auth', known('auth_password'), 'postgres'),
  pg_auth_replica_urls: (known) => postgres('auth', known('auth_password'), 'postgres-replica'),
  pg_market_data_url: (known) => postgres('market_data', known('market_data_password'), 'postgres'),
  pg_market_data_replica_urls: (known) => postgres('market_data', known('market_data_password'), 'postgres-replica'),
  pg_cache_url: (known) => postgres('cache', known('cache_password'), 'postgres'),
  pg_cache_replica_urls: (known) => postgres('cache', known('cache_password'), 'postgres-replica'),
  tdengine_url: (known) => `http://root:${known('tdengine_password')}@tdengine:6041`,
};

/** Writes every secret that is not there yet and answers the names of those. */
export function writeSecrets(directory: string): string[] {
  mkdirSync(directory, { recursive: true });
  // No other user may enter the directory; the files themselves are mounted for users of other numbers.
  chmodSync(directory, 0o700);
  const known: Known = (name) => readFileSync(join(directory, name), 'utf8').trimEnd();
  const made: string[] = [];
  for (const [name, make] of Object.entries({ ...roots, ...derived })) {
    const file = join(directory, name);
    if (existsSync(file)) continue;
    writeFileSync(file, `${make(known).trimEnd()}\n`, { mode: 0o444 });
    made.push(name);
  }
  return made;
}
