import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { PostgresServer } from '../servers/postgres.js';
import { inRepository } from '../servers/server.js';
import type { ServiceName } from '../servers/service.js';
import type { SystemSecrets } from './secrets.js';

const run = promisify(execFile);

export const serviceNames = ['auth', 'market-data', 'cache', 'realtime', 'gateway'] as const satisfies ServiceName[];

/** Runs `dist/migrate.js` of the services that have tables. */
export async function migrate(ownerUrl: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  for (const name of ['market-data', 'auth', 'cache']) {
    const script = inRepository(`apps/${name}/dist/migrate.js`);
    await run(process.execPath, ['--enable-source-maps', script], {
      env: { PATH: process.env['PATH'], ...env, PG_MIGRATION_URL: ownerUrl },
    }).catch((error: unknown) => {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`the migration of ${name} failed:\n${(stdout + stderr).slice(-3_000)}`, { cause: error });
    });
  }
}

interface ServiceSurroundings {
  readonly secrets: Omit<SystemSecrets, 'redis_password' | 'postgres'>;
  readonly servers: {
    readonly nats: { readonly url: string };
    readonly redis: { readonly url: string };
    readonly postgres: Pick<PostgresServer, 'urlOf' | 'replicaUrlsOf'>;
  };
}

/** The settings with which a service finds its servers and authenticates with them. */
export function serviceEnvironment(
  name: ServiceName,
  { secrets, servers: { nats, redis, postgres } }: ServiceSurroundings,
): Record<string, string> {
  const database = (role: 'auth' | 'market_data' | 'cache'): Record<string, string> => {
    const replicas = postgres.replicaUrlsOf(role);
    return { PG_PRIMARY_URL: postgres.urlOf(role), ...(replicas === '' ? {} : { PG_REPLICA_URLS: replicas }) };
  };
  const own: Record<ServiceName, Record<string, string>> = {
    auth: {
      ...database('auth'),
      AUTH_SIGNING_KEY: secrets.signing_key,
      AUTH_PASSWORD_PEPPER: secrets.password_pepper,
      AUTH_BOOTSTRAP_TOKEN: secrets.bootstrap_token,
      AUTH_CACHE_CLIENT_SECRET: secrets.cache_client_secret,
    },
    'market-data': database('market_data'),
    cache: { ...database('cache'), REDIS_URL: redis.url, CACHE_CLIENT_SECRET: secrets.cache_client_secret },
    realtime: { REDIS_URL: redis.url },
    gateway: {},
  };
  return { NATS_URL: nats.url, NATS_TOKEN: secrets.nats_token, ...own[name] };
}
