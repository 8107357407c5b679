import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { PostgresOptions } from '../servers/postgres.js';
import { startService, type ServiceName, type StartedService } from '../servers/service.js';
import type { Place } from '../servers/server.js';
import { createAdministrator, login, type Account } from './accounts.js';
import { newSecrets } from './secrets.js';
import { allStarted, startSystemServers, type SystemServers } from './system-servers.js';
import { migrate, serviceEnvironment, serviceNames } from './system-services.js';

const START_MAX_MS = 60_000;

/** Settings of services beside those that connect them with their servers. */
export type SystemSettings = Partial<Record<ServiceName, Readonly<Record<string, string>>>>;

export interface SystemOptions {
  readonly postgres?: Omit<PostgresOptions, keyof Place | 'passwords'>;
  /** Settings of services, or a function that makes them when the servers run. */
  readonly settings?: SystemSettings | ((servers: SystemServers) => Promise<SystemSettings>);
  /** A directory for one log file a process; without it the output is only kept in memory. */
  readonly logs?: string;
}

/** The five services as processes on real NATS, Redis and PostgreSQL, all on random ports of loopback. */
export interface System extends SystemServers {
  /** Clients of NATS must show it. */
  readonly natsToken: string;
  readonly services: Readonly<Record<ServiceName, StartedService>>;
  /** `http://127.0.0.1:port` of the gateway. */
  readonly url: string;
  readonly administrator: Account;
  /** Access token of the administrator. */
  readonly adminToken: string;
  /** Starts one more instance of a service; `settings` replace those of the first instance. */
  another(name: ServiceName, settings?: Readonly<Record<string, string>>): Promise<StartedService>;
  /** Stops everything, and removes the data. */
  stop(): Promise<void>;
}

/** Starts a whole system with an administrator. On failure nothing is left running. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const secrets = newSecrets();
  const servers: { stop(): Promise<void> }[] = [];
  const instances: { readonly name: string; readonly service: StartedService }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(instances.splice(0).map(({ service }) => service.stop()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  };
  const logOf = (name: string): { logFile?: string } =>
    options.logs === undefined ? {} : { logFile: join(options.logs, `${name}.log`) };
  try {
    const started = await startSystemServers({
      secrets,
      places: { nats: logOf('nats'), redis: logOf('redis'), postgres: logOf('postgres') },
      postgres: { durable: false, replicas: 1, ...options.postgres },
      onStarted: (_name, server) => servers.push(server),
    });
    await migrate(started.postgres.ownerUrl);
    const { settings = {} } = options;
    const own = typeof settings === 'function' ? await settings(started) : settings;
    const start = async (name: ServiceName, more: Readonly<Record<string, string>> = {}): Promise<StartedService> => {
      const env = {
        ...serviceEnvironment(name, { secrets, servers: started }),
        ...defaults[name],
        ...own[name],
        ...more,
      };
      const count = instances.filter((one) => one.name === name).length;
      const log = logOf(count === 0 ? name : `${name}-${count + 1}`);
      const service = await startService(name, env, { ...log, startTimeoutMs: START_MAX_MS });
      instances.push({ name, service });
      return service;
    };
    const starting = serviceNames.map(async (name) => [name, await start(name)] as const);
    await allStarted(starting);
    const services = Object.fromEntries(await Promise.all(starting)) as System['services'];
    const { url } = services.gateway;
    const administrator = { username: 'root-admin', password: randomBytes(18).toString('base64url') };
    await createAdministrator(url, secrets.bootstrap_token, administrator);
    const adminToken = await login(url, administrator);
    return {
      ...started,
      natsToken: secrets.nats_token,
      services,
      url,
      administrator,
      adminToken,
      another: start,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A cheap password hash: tests log in often, and the cost of a hash is not what they test. */
const defaults: SystemSettings = { auth: { AUTH_BCRYPT_COST: '10' } };
