import {
  FaultProxy,
  startNats,
  startPostgres,
  startRedis,
  startService,
  temporaryDirectory,
  type PostgresNode,
  type PostgresServer,
  type StartedService,
} from '@mystocks/testing';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { WatchedServer } from './watch.ts';

export interface HouseOptions {
  /** Of each PostgreSQL server. */
  readonly maxConnections: number;
  /** Of all services together, on each of them. */
  readonly fleetBudget: number;
  /** Streaming replicas beside the primary. */
  readonly replicas: number;
  /** Copies of market-data. */
  readonly instances: number;
  /** Settings of both services that have a database, e.g. PG_POOL_SIZE. */
  readonly database?: Readonly<Record<string, string>>;
  /** log2 of the rounds of a password hash; 10 unless told. */
  readonly bcryptCost?: string;
  /** One way, between market-data and each of its PostgreSQL servers: a database that is far away. */
  readonly databaseLatencyMs?: number;
}

/** The five services on servers of their own, on random ports, thrown away afterwards. */
export interface House {
  readonly url: string;
  readonly realtimeUrl: string;
  readonly adminToken: string;
  readonly databases: readonly WatchedServer[];
  /** Every process that logs to a file in `logs`. */
  readonly services: readonly { readonly name: string; readonly service: StartedService }[];
  readonly logs: string;
  stop(): Promise<void>;
}

const root = resolve(import.meta.dirname, '../..');
const START_MAX_MS = 60_000;
// Logins are part of the load, the price of a hash is not what is measured.
const BCRYPT_COST = '10';
const password = (): string => randomBytes(24).toString('base64url');

export async function startHouse(options: HouseOptions): Promise<House> {
  const logs = temporaryDirectory('load-logs');
  const opened: { stop(): Promise<void> }[] = [];
  const kept = <T extends { stop(): Promise<void> }>(one: T): T => {
    opened.unshift(one);
    return one;
  };
  const stop = async (): Promise<void> => {
    for (const one of opened.splice(0)) await one.stop();
  };
  try {
    const natsToken = password();
    const log: Log = (name) => ({ logFile: join(logs, `${name}.log`) });
    const [postgres, nats, redis] = await Promise.all([
      startDatabase(options, log).then(kept),
      startNats({ token: natsToken, ...log('nats') }).then(kept),
      startRedis(log('redis')).then(kept),
    ]);
    migrate(postgres.ownerUrl);
    const common = { NATS_URL: nats.url, NATS_TOKEN: natsToken };
    const started = async (
      name: Parameters<typeof startService>[0],
      env: Record<string, string>,
      label: string = name,
    ): Promise<House['services'][number]> => ({
      name: label,
      service: kept(await startService(name, { ...common, ...env }, { ...log(label), startTimeoutMs: START_MAX_MS })),
    });
    const bootstrapToken = password();
    const marketData = await marketDataSettings(postgres, options, kept);
    const services = await Promise.all([
      started('auth', { ...authSettings(postgres, options), AUTH_BOOTSTRAP_TOKEN: bootstrapToken }),
      ...Array.from({ length: options.instances }, (_, index) =>
        started('market-data', marketData, `market-data-${String(index + 1)}`),
      ),
      started('cache', { REDIS_URL: redis.url }),
      started('realtime', { REDIS_URL: redis.url, REALTIME_USER_SOCKETS_MAX: '10000' }),
      started('gateway', {}),
    ]);
    const urlOf = (name: string): string => services.find((one) => one.name === name)?.service.url ?? '';
    const url = urlOf('gateway');
    return {
      url,
      realtimeUrl: urlOf('realtime'),
      adminToken: await firstAdministrator(url, bootstrapToken),
      databases: [postgres, ...postgres.replicas].map(({ superuserUrl }, index) => ({
        name: index === 0 ? 'primary' : `replica ${String(index)}`,
        superuserUrl,
        budget: options.fleetBudget,
      })),
      services,
      logs,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Log = (name: string) => { readonly logFile: string };

const startDatabase = ({ replicas, maxConnections }: HouseOptions, log: Log): Promise<PostgresServer> =>
  startPostgres({
    replicas: Array.from({ length: replicas }, (_, index) => log(`replica-${String(index + 1)}`)),
    maxConnections,
    ...log('postgres'),
  });

type Kept = <T extends { stop(): Promise<void> }>(one: T) => T;

async function marketDataSettings(
  postgres: PostgresServer,
  { database, databaseLatencyMs, fleetBudget }: HouseOptions,
  kept: Kept,
): Promise<Record<string, string>> {
  const far = async ({ port, urlOf }: PostgresNode): Promise<string> => {
    const url = new URL(urlOf('market_data'));
    if (databaseLatencyMs !== undefined) {
      const proxy = kept(await FaultProxy.inFrontOf(port));
      proxy.latency(databaseLatencyMs);
      url.port = String(proxy.port);
    }
    return url.href;
  };
  const replicas = await Promise.all(postgres.replicas.map(far));
  return {
    ...database,
    PG_FLEET_BUDGET: String(fleetBudget),
    PG_PRIMARY_URL: await far(postgres),
    ...(replicas.length > 0 && { PG_REPLICA_URLS: replicas.join(',') }),
  };
}

const authSettings = (
  postgres: PostgresServer,
  { bcryptCost = BCRYPT_COST, database }: HouseOptions,
): Record<string, string> => ({
  ...database,
  PG_PRIMARY_URL: postgres.urlOf('auth'),
  ...(postgres.replicas.length > 0 && { PG_REPLICA_URLS: postgres.replicaUrlsOf('auth') }),
  AUTH_SIGNING_KEY: generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
  AUTH_PASSWORD_PEPPER: password(),
  AUTH_BCRYPT_COST: bcryptCost,
});

function migrate(ownerUrl: string): void {
  for (const app of ['auth', 'market-data']) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, `apps/${app}/dist/migrate.js`)], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], PG_MIGRATION_URL: ownerUrl },
    });
    if (status !== 0) throw new Error(`the migration of ${app} failed:\n${(stdout + stderr).slice(-2_000)}`);
  }
}

async function firstAdministrator(url: string, bootstrapToken: string): Promise<string> {
  const who = { username: 'load-admin', password: password() };
  await send(url, '/api/v2/auth/bootstrap', { bootstrap_token: bootstrapToken, ...who });
  return login(url, who);
}

export async function login(url: string, who: { username: string; password: string }): Promise<string> {
  const { access_token: token } = (await send(url, '/api/v2/auth/token', { grant_type: 'password', ...who })) as {
    access_token: string;
  };
  return token;
}

/** POSTs an object as JSON, or a text as CSV; anything but 2xx throws. */
export async function send(url: string, path: string, body: object | string, token?: string): Promise<unknown> {
  const isText = typeof body === 'string';
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': isText ? 'text/csv' : 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: isText ? body : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${String(response.status)}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as unknown;
}
