import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  startNats,
  startPostgres,
  startRedis,
  startService,
  type NatsServer,
  type PostgresOptions,
  type PostgresServer,
  type RedisServer,
  type StartedService,
} from '@mystocks/testing';

const run = promisify(execFile);
export const root = resolve(import.meta.dirname, '../..');

export interface House {
  readonly nats: NatsServer;
  /** What clients of NATS must show. */
  readonly natsToken: string;
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly services: Readonly<Record<'auth' | 'market-data' | 'cache' | 'realtime' | 'gateway', StartedService>>;
  /** `http://127.0.0.1:port` of the gateway. */
  readonly url: string;
  /** Access token of the first administrator. */
  readonly adminToken: string;
  /** One more copy of a service beside the first. */
  another(
    name: 'gateway' | 'market-data' | 'cache' | 'realtime',
    env?: Readonly<Record<string, string>>,
  ): Promise<StartedService>;
  stop(): Promise<void>;
}

const bootstrapToken = randomBytes(32).toString('hex');
export const administrator = { username: 'root-admin', password: randomBytes(18).toString('base64url') };

export interface HouseOptions extends Pick<PostgresOptions, 'durable' | 'synchronous'> {
  /** Streaming replicas beside the primary; one, as the house runs. */
  readonly replicas?: number;
  /** Settings of the cache service beside its own. */
  readonly cache?: Readonly<Record<string, string>>;
  /** Settings of the auth service beside its own. */
  readonly auth?: Readonly<Record<string, string>>;
}

/** The five services as processes on real NATS, Redis and PostgreSQL: the house as it runs, on random ports. */
export async function startHouse({
  cache: cacheEnv = {},
  auth: authEnv = {},
  ...options
}: HouseOptions = {}): Promise<House> {
  const natsToken = randomBytes(16).toString('hex');
  const [nats, redis, postgres] = await Promise.all([
    startNats({ token: natsToken }),
    startRedis(),
    startPostgres({ durable: false, replicas: 1, ...options }),
  ]);
  await migrate(postgres);
  const signingKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
  const common = { NATS_URL: nats.url, NATS_TOKEN: natsToken, LOG_LEVEL: 'info' };
  const clientSecret = randomBytes(32).toString('hex');
  const environments = {
    gateway: common,
    realtime: { ...common, REDIS_URL: redis.url },
    'market-data': { ...common, ...databaseOf(postgres, 'market_data') },
    cache: {
      ...common,
      ...databaseOf(postgres, 'cache'),
      REDIS_URL: redis.url,
      CACHE_CLIENT_SECRET: clientSecret,
      ...cacheEnv,
    },
  };
  const [auth, marketData, cache, realtime, gateway] = await Promise.all([
    startService('auth', {
      ...common,
      ...databaseOf(postgres, 'auth'),
      AUTH_SIGNING_KEY: signingKey,
      AUTH_PASSWORD_PEPPER: randomBytes(32).toString('hex'),
      AUTH_BOOTSTRAP_TOKEN: bootstrapToken,
      AUTH_CACHE_CLIENT_SECRET: clientSecret,
      AUTH_BCRYPT_COST: '10',
      ...authEnv,
    }),
    startService('market-data', environments['market-data']),
    startService('cache', environments.cache),
    startService('realtime', environments.realtime),
    startService('gateway', environments.gateway),
  ]);
  const services = { auth, 'market-data': marketData, cache, realtime, gateway };
  const others: StartedService[] = [];
  return {
    nats,
    natsToken,
    redis,
    postgres,
    services,
    url: gateway.url,
    adminToken: await bootstrap(gateway.url),
    another: async (name, env = {}) => {
      const service = await startService(name, { ...environments[name], ...env });
      others.push(service);
      return service;
    },
    stop: async () => {
      await Promise.all([...others, ...Object.values(services)].map((service) => service.stop()));
      await Promise.all([nats.stop(), redis.stop(), postgres.stop()]);
    },
  };
}

const databaseOf = (postgres: PostgresServer, role: 'auth' | 'market_data' | 'cache'): Record<string, string> => ({
  PG_PRIMARY_URL: postgres.urlOf(role),
  PG_REPLICA_URLS: postgres.replicaUrlsOf(role),
});

async function migrate(postgres: PostgresServer): Promise<void> {
  const env = { ...process.env, PG_MIGRATION_URL: postgres.ownerUrl };
  for (const app of ['auth', 'market-data', 'cache'])
    await run(process.execPath, [join(root, `apps/${app}/dist/migrate.js`)], { env });
}

async function bootstrap(url: string): Promise<string> {
  const made = await post(url, '/api/v2/auth/bootstrap', { bootstrap_token: bootstrapToken, ...administrator });
  if (made.status >= 300) throw new Error(`no administrator: ${made.status} ${JSON.stringify(made.body)}`);
  return login(url, administrator);
}

export async function login(
  url: string,
  who: { readonly username: string; readonly password: string },
): Promise<string> {
  const { status, body } = await post(url, '/api/v2/auth/token', { grant_type: 'password', ...who });
  if (status !== 200) throw new Error(`no token: ${status} ${JSON.stringify(body)}`);
  return (body as { access_token: string }).access_token;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly text: string;
}

export const get = (url: string, path: string, token?: string, headers: Record<string, string> = {}): Promise<Reply> =>
  ask(url, path, { headers: { ...bearer(token), ...headers } });

export const post = (url: string, path: string, value: unknown, token?: string): Promise<Reply> =>
  ask(url, path, {
    method: 'POST',
    headers: { ...bearer(token), 'content-type': 'application/json' },
    body: JSON.stringify(value),
  });

/** Sends a CSV text as one stream, as `npm run import` does. */
export const postCsv = (url: string, path: string, csv: string | Buffer, token: string): Promise<Reply> =>
  ask(url, path, { method: 'POST', headers: { ...bearer(token), 'content-type': 'text/csv' }, body: csv });

export const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

export async function ask(url: string, path: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(`${url}${path}`, init);
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return {
    status: response.status,
    headers: response.headers,
    body: json ? (JSON.parse(text) as unknown) : undefined,
    text,
  };
}
