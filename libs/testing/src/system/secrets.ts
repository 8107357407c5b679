import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { PostgresPasswords } from '../servers/postgres-cluster.js';

/** Every secret of a system. */
export interface SystemSecrets {
  readonly nats_token: string;
  readonly redis_password: string;
  readonly postgres: PostgresPasswords;
  /** P-256, PKCS #8, PEM. */
  readonly signing_key: string;
  readonly password_pepper: string;
  readonly bootstrap_token: string;
  /** The cache service authenticates with it at the auth service. */
  readonly cache_client_secret: string;
}

const random = (): string => randomBytes(32).toString('base64url');

export const newSecrets = (): SystemSecrets => ({
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
