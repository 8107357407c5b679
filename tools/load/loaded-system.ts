import {
  FaultProxy,
  removeDirectory,
  startSystem,
  temporaryDirectory,
  type PostgresNode,
  type StartedService,
  type SystemServers,
  type SystemSettings,
} from '@mystocks/testing';
import { join } from 'node:path';
import type { WatchedServer } from './observe/watch.ts';

export interface LoadedSystemOptions {
  /** Of each PostgreSQL server. */
  readonly maxConnections: number;
  /** Of all services together, on each of them. */
  readonly fleetBudget: number;
  /** Streaming replicas beside the primary. */
  readonly replicas: number;
  /** Instances of market-data. */
  readonly instances: number;
  /** Settings of market-data and auth, e.g. PG_POOL_SIZE. */
  readonly database?: Readonly<Record<string, string>>;
  /** log2 of the rounds of a password hash; 10 by default, because the cost of a hash is not what is measured. */
  readonly bcryptCost?: string;
  /** One way, between market-data and each of its PostgreSQL servers: a database that is far away. */
  readonly databaseLatencyMs?: number;
}

/** A system of its own for a load test, on random ports, removed afterwards. */
export interface LoadedSystem {
  readonly url: string;
  readonly realtimeUrl: string;
  readonly adminToken: string;
  readonly databases: readonly WatchedServer[];
  /** Every instance of a service; each logs to a file in `logs`. */
  readonly services: readonly { readonly name: string; readonly service: StartedService }[];
  readonly logs: string;
  stop(): Promise<void>;
}

export async function startLoadedSystem(options: LoadedSystemOptions): Promise<LoadedSystem> {
  const logs = temporaryDirectory('load-logs');
  const proxies: FaultProxy[] = [];
  const { instances, replicas, maxConnections, fleetBudget, bcryptCost } = options;
  const system = await startSystem({
    logs,
    postgres: {
      durable: true,
      replicas: Array.from({ length: replicas }, (_, index) => ({
        logFile: join(logs, `replica-${String(index + 1)}.log`),
      })),
      maxConnections,
    },
    settings: async (servers): Promise<SystemSettings> => ({
      'market-data': { ...options.database, ...(await marketDataSettings(servers, options, proxies)) },
      auth: { ...options.database, ...(bcryptCost !== undefined && { AUTH_BCRYPT_COST: bcryptCost }) },
      realtime: { REALTIME_USER_SOCKETS_MAX: '10000' },
    }),
  });
  const stop = async (): Promise<void> => {
    await system.stop();
    for (const proxy of proxies) await proxy.stop();
    await removeDirectory(logs);
  };
  try {
    const more: LoadedSystem['services'][number][] = [];
    for (let number = 2; number <= instances; number += 1) {
      more.push({ name: `market-data-${String(number)}`, service: await system.another('market-data') });
    }
    const { url, adminToken, postgres, services } = system;
    return {
      url,
      realtimeUrl: services.realtime.url,
      adminToken,
      databases: [postgres, ...postgres.replicas].map(({ superuserUrl }, index) => ({
        name: index === 0 ? 'primary' : `replica ${String(index)}`,
        superuserUrl,
        budget: fleetBudget,
      })),
      services: [...Object.entries(services).map(([name, service]) => ({ name, service })), ...more],
      logs,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function marketDataSettings(
  { postgres }: SystemServers,
  { databaseLatencyMs, fleetBudget }: LoadedSystemOptions,
  proxies: FaultProxy[],
): Promise<Record<string, string>> {
  const urlBehindLatency = async ({ port, urlOf }: PostgresNode): Promise<string> => {
    const url = new URL(urlOf('market_data'));
    if (databaseLatencyMs !== undefined) {
      const proxy = await FaultProxy.inFrontOf(port);
      proxies.push(proxy);
      proxy.latency(databaseLatencyMs);
      url.port = String(proxy.port);
    }
    return url.href;
  };
  const replicas = await Promise.all(postgres.replicas.map(urlBehindLatency));
  return {
    PG_FLEET_BUDGET: String(fleetBudget),
    PG_PRIMARY_URL: await urlBehindLatency(postgres),
    ...(replicas.length > 0 && { PG_REPLICA_URLS: replicas.join(',') }),
  };
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
