import {
  allStarted,
  migrate,
  serviceEnvironment,
  serviceNames,
  startService,
  type ServiceName,
  type SystemSecrets,
  type SystemServers,
} from '@mystocks/testing';
import { logFile } from './logs.ts';
import type { Plan } from './plan.ts';
import type { OnStarted } from './servers.ts';

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

/** Brings the tables of all services to their newest version. */
export const migrateAll = (ownerUrl: string): Promise<void> => migrate(ownerUrl, passedOn(process.env));

/** Starts the five services at the same time and waits until every one is ready. */
export async function startServices(
  plan: Plan,
  secrets: SystemSecrets,
  servers: SystemServers,
  onStarted: OnStarted,
): Promise<void> {
  await allStarted(
    serviceNames.map(async (name) => {
      const env = stackEnvironment(name, { plan, secrets, servers, given: process.env });
      const options = { logFile: logFile(plan, name), startTimeoutMs: START_MAX_MS };
      onStarted(name, await startService(name, env, options));
    }),
  );
}

/** What a service of the stack is started with. */
type Surroundings = Parameters<typeof serviceEnvironment>[1] & {
  readonly plan: Plan;
  /** The environment of `npm start`. */
  readonly given: NodeJS.ProcessEnv;
};

/** The environment of `npm start`, but with the servers, secrets and ports of the stack. */
export function stackEnvironment(
  name: ServiceName,
  { plan, given, ...surroundings }: Surroundings,
): Record<string, string> {
  const { ports } = plan;
  const publicPort: Partial<Record<ServiceName, Record<string, string>>> = {
    realtime: { REALTIME_PORT: String(ports.realtime) },
    gateway: { GATEWAY_PORT: String(ports.gateway) },
  };
  return {
    ...passedOn(given),
    ...serviceEnvironment(name, surroundings),
    MANAGEMENT_PORT: String(ports[managementPort[name]]),
    ...publicPort[name],
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
