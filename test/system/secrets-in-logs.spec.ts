import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  sleep,
  startNats,
  startPostgres,
  startRedis,
  startService,
  startTdengineStandIn,
  type ServiceOptions,
  type StartedService,
} from '@mystocks/testing';
import { root } from './requests.js';

const run = promisify(execFile);

/** Passwords that no server takes; each may stand in a log in none of its forms. */
const canaries: string[] = [];
const canary = (): string => {
  const password = `canary ${randomBytes(12).toString('hex')}/@:"`;
  canaries.push(password);
  return password;
};
const formsOf = (password: string): string[] => {
  const hex = /[0-9a-f]{24}/.exec(password)?.[0] ?? password;
  return [hex, Buffer.from(`root:${password}`).toString('base64')];
};

const stops: (() => Promise<unknown>)[] = [];
const live: ServiceOptions = { until: 'live' };
let base: Record<string, string>;
let postgresPort: number;
let redisPort: number;
let tdenginePort: number;

beforeAll(async () => {
  const token = randomBytes(16).toString('hex');
  const [nats, redis, postgres, tdengine] = await Promise.all([
    startNats({ token }),
    startRedis({ password: randomBytes(16).toString('hex') }),
    startPostgres({ durable: false, replicas: 0 }),
    startTdengineStandIn({ password: randomBytes(16).toString('hex') }),
  ]);
  stops.push(...[nats, redis, postgres, tdengine].map((server) => () => server.stop()));
  base = { NATS_URL: nats.url, NATS_TOKEN: token, LOG_LEVEL: 'debug' };
  postgresPort = postgres.port;
  redisPort = redis.port;
  tdenginePort = Number(new URL(tdengine.url).port);
}, 60_000);

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

const urlOf = (scheme: string, user: string, port: number, path = ''): string =>
  `${scheme}://${user}:${encodeURIComponent(canary())}@127.0.0.1:${port}${path}`;

/** What the services print within two seconds of being refused, at every log level. */
async function printed(start: () => Promise<StartedService>): Promise<string> {
  const service = await start();
  await sleep(2_000);
  await service.readiness();
  await service.stop();
  return service.output();
}

const expectNoCanary = (output: string): void => {
  for (const form of canaries.flatMap(formsOf)) expect(output).not.toContain(form);
};

describe('a password that a server refuses', () => {
  it('a password that a server refuses is in no log when Redis refuses it', async () => {
    const REDIS_URL = urlOf('redis', '', redisPort);
    const output = await printed(() => startService('realtime', { ...base, REDIS_URL }, live));
    expect(output).toMatch(/WRONGPASS|NOAUTH|invalid password/);
    expectNoCanary(output);
  });

  it('a password that a server refuses is in no log when PostgreSQL or Redis refuse it to the cache service', async () => {
    const env = {
      PG_PRIMARY_URL: urlOf('postgres', 'cache', postgresPort, '/mystocks'),
      REDIS_URL: urlOf('redis', '', redisPort),
      CACHE_CLIENT_SECRET: canary().padEnd(64, 'x'),
    };
    expectNoCanary(await printed(() => startService('cache', { ...base, ...env }, live)));
  });

  it('a password that a server refuses is in no log when PostgreSQL or TDengine refuse it', async () => {
    const env = {
      PG_PRIMARY_URL: urlOf('postgres', 'market_data', postgresPort, '/mystocks'),
      TIMESERIES_STORE: 'tdengine',
      TDENGINE_URL: urlOf('http', 'root', tdenginePort),
    };
    const output = await printed(() => startService('market-data', { ...base, ...env }, live));
    expect(output).toMatch(/authentication|Authentication/);
    expectNoCanary(output);
  });

  it('a password that a server refuses is in no log when NATS refuses it', async () => {
    const output = await printed(() => startService('gateway', { ...base, NATS_TOKEN: canary() }, live));
    expect(output).toMatch(/Authorization Violation/i);
    expectNoCanary(output);
  });

  it('a password that a server refuses is not printed when PostgreSQL refuses it to a migration', async () => {
    const env = {
      ...process.env,
      PG_MIGRATION_URL: urlOf('postgres', 'mystocks_owner', postgresPort, '/mystocks'),
    };
    const failed = await run(process.execPath, [join(root, 'apps/cache/dist/migrate.js')], { env }).then(
      () => 'it succeeded',
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    );
    expect(failed).toContain('password authentication failed');
    expectNoCanary(failed);
  });

  it('a password that a server refuses is not shown when the setting that holds it cannot be used', async () => {
    const wrong = `postgres://cache:${canary()}@[127.0.0.1/mystocks`;
    const failed = await startService('cache', { ...base, PG_PRIMARY_URL: wrong }, live).then(
      () => 'started',
      (error: unknown) => String(error),
    );
    expect(failed).toContain('PG_PRIMARY_URL');
    expectNoCanary(failed);
  });
});
