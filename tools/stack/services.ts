import { startService } from '@mystocks/testing';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { logFile } from './logs.ts';
import type { Plan } from './plan.ts';
import type { StackSecrets } from './secrets.ts';
import { settled, type Arrived, type Servers } from './servers.ts';

export const serviceNames = ['auth', 'market-data', 'cache', 'realtime', 'gateway'] as const;
export type ServiceName = (typeof serviceNames)[number];

const START_MAX_MS = 60_000;

const managementPort = {
  auth: 'authManagement',
  'market-data': 'marketDataManagement',
  cache: 'cacheManagement',
  realtime: 'realtimeManagement',
  gateway: 'gatewayManagement',
} as const;

/** Address of a service's health and metrics. */
export const managementUrl = ({ ports }: Plan, name: ServiceName): string =>
  `http://127.0.0.1:${String(ports[managementPort[name]])}`;

/** Runs `dist/migrate.js` of the services that own tables. */
export function migrate(plan: Plan, ownerUrl: string): void {
  for (const name of ['market-data', 'auth', 'cache']) {
    const script = join(plan.repository, 'apps', name, 'dist', 'migrate.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--enable-source-maps', script], {
      encoding: 'utf8',
      env: { ...passedOn(), PATH: process.env['PATH'], PG_MIGRATION_URL: ownerUrl },
    });
    if (status !== 0) throw new Error(`the migration of ${name} failed:\n${(stdout + stderr).slice(-3_000)}`);
  }
}

/** Starts the five services at once and waits until every one is ready. */
export async function startServices(
  plan: Plan,
  secrets: StackSecrets,
  servers: Servers,
  arrived: Arrived,
): Promise<void> {
  await settled(
    serviceNames.map(async (name) => {
      const env = environment(name, plan, secrets, servers);
      const options = { logFile: logFile(plan, name), startTimeoutMs: START_MAX_MS };
      arrived(name, await startService(name, env, options));
    }),
  );
}

function environment(
  name: ServiceName,
  plan: Plan,
  secrets: StackSecrets,
  { natsUrl, redisUrl, postgres }: Servers,
): Record<string, string> {
  const { ports } = plan;
  const database = (role: 'auth' | 'market_data' | 'cache'): Record<string, string> => ({
    PG_PRIMARY_URL: postgres.urlOf(role),
    PG_REPLICA_URLS: postgres.replicaUrlsOf(role),
  });
  const own: Record<ServiceName, Record<string, string>> = {
    auth: {
      ...database('auth'),
      AUTH_SIGNING_KEY: secrets.signing_key,
      AUTH_PASSWORD_PEPPER: secrets.password_pepper,
      AUTH_BOOTSTRAP_TOKEN: secrets.bootstrap_token,
      AUTH_CACHE_CLIENT_SECRET: secrets.cache_client_secret,
    },
    'market-data': database('market_data'),
    cache: { ...database('cache'), REDIS_URL: redisUrl, CACHE_CLIENT_SECRET: secrets.cache_client_secret },
    realtime: { REDIS_URL: redisUrl, REALTIME_HOST: '127.0.0.1', REALTIME_PORT: String(ports.realtime) },
    gateway: { GATEWAY_HOST: '127.0.0.1', GATEWAY_PORT: String(ports.gateway) },
  };
  return {
    ...passedOn(),
    NATS_URL: natsUrl,
    NATS_TOKEN: secrets.nats_token,
    MANAGEMENT_PORT: String(ports[managementPort[name]]),
    TOKEN_ISSUER: 'mystocks',
    ...own[name],
  };
}

// Settings that a person may want to try on the whole stack; ports and secrets are the stack's own.
function passedOn(): Record<string, string> {
  const names = Object.keys(process.env).filter(
    (name) =>
      name === 'LOG_LEVEL' ||
      name === 'REALTIME_ORIGINS' ||
      /^(PG_POOL_[A-Z_]+|PG_FLEET_BUDGET|PG_STATEMENT_TIMEOUT_MS|CACHE_WARM_UP_[A-Z_]+|TIMESERIES_STORE|TDENGINE_[A-Z_]+|CACHE_L2|CACHE_STALE_IF_ERROR_S|GATEWAY_TRUSTED_PROXIES)$/.test(
        name,
      ),
  );
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']));
}
