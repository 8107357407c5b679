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
      env: { ...passedOn(process.env), PG_MIGRATION_URL: ownerUrl },
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
      const env = serviceEnvironment(name, { plan, secrets, servers, given: process.env });
      const options = { logFile: logFile(plan, name), startTimeoutMs: START_MAX_MS };
      arrived(name, await startService(name, env, options));
    }),
  );
}

/** What a service of the stack is started with. */
interface Surroundings {
  readonly plan: Plan;
  readonly secrets: Omit<StackSecrets, 'redis_password' | 'postgres'>;
  readonly servers: Pick<Servers, 'natsUrl' | 'redisUrl'> & {
    readonly postgres: Pick<Servers['postgres'], 'urlOf' | 'replicaUrlsOf'>;
  };
  /** The environment of `npm start`. */
  readonly given: NodeJS.ProcessEnv;
}

/** The environment of `npm start`, but with the servers, secrets and ports of the stack. */
export function serviceEnvironment(
  name: ServiceName,
  { plan: { ports }, secrets, servers: { natsUrl, redisUrl, postgres }, given }: Surroundings,
): Record<string, string> {
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
    realtime: { REDIS_URL: redisUrl, REALTIME_PORT: String(ports.realtime) },
    gateway: { GATEWAY_PORT: String(ports.gateway) },
  };
  return {
    ...passedOn(given),
    NATS_URL: natsUrl,
    NATS_TOKEN: secrets.nats_token,
    MANAGEMENT_PORT: String(ports[managementPort[name]]),
    ...own[name],
  };
}

/** The stack runs these servers itself, makes these secrets, and has variables of its own for the management ports. */
const ownedByStack: ReadonlySet<string> = new Set([
  ...['NATS_URL', 'NATS_TOKEN', 'REDIS_URL', 'PG_PRIMARY_URL', 'PG_REPLICA_URLS', 'PG_MIGRATION_URL'],
  ...['AUTH_SIGNING_KEY', 'AUTH_PASSWORD_PEPPER', 'AUTH_BOOTSTRAP_TOKEN'],
  ...['AUTH_CACHE_CLIENT_SECRET', 'CACHE_CLIENT_SECRET', 'MANAGEMENT_PORT'],
]);
const isOwnedByStack = (name: string): boolean => ownedByStack.has(name.replace(/_FILE$/, ''));

/** Settings of the environment that `npm start` does not pass on. */
export const ignoredSettings = (given: NodeJS.ProcessEnv): string[] => Object.keys(given).filter(isOwnedByStack).sort();

function passedOn(given: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      value === undefined || isOwnedByStack(name) ? [] : [[name, value]],
    ),
  );
}
