import { afterAll, afterEach, beforeAll } from '@jest/globals';
import {
  signToken,
  startNats,
  startRedis,
  startService,
  type NatsServer,
  type RedisServer,
  type StartedService,
} from '@mystocks/testing';
import { Client } from './client.js';
import { MarketStandIn } from './market-stand-in.js';

/** Two realtime nodes in processes of their own, real NATS and Redis, and a stand-in for the services they ask. */
export interface Cluster {
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  readonly market: MarketStandIn;
  readonly nodes: readonly [StartedService, StartedService];
}

/** Starts the cluster for the test file; call it at the top. `open` closes its clients after each test. */
export function useCluster(): {
  readonly cluster: () => Cluster;
  readonly open: (node: 0 | 1, namespace?: string, auth?: object, options?: object) => Promise<Client>;
  readonly settled: (...listeners: Client[]) => Promise<void>;
} {
  let running: Cluster | undefined;
  const clients: Client[] = [];
  let fences = 0;
  const cluster = (): Cluster => {
    if (running === undefined) throw new Error('the cluster has not started');
    return running;
  };

  beforeAll(async () => {
    const [nats, redis] = await Promise.all([startNats(), startRedis()]);
    const market = await MarketStandIn.start(nats.url);
    const env = { NATS_URL: nats.url, REDIS_URL: redis.url, REALTIME_ORIGINS: 'https://desk.example' };
    const nodes = await Promise.all([startService('realtime', env), startService('realtime', env)]);
    running = { nats, redis, market, nodes };
  }, 60_000);

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  afterAll(async () => {
    if (running === undefined) return;
    await Promise.all(running.nodes.map((one) => one.stop()));
    await running.market.stop();
    await Promise.all([running.nats.stop(), running.redis.stop()]);
  }, 30_000);

  return {
    cluster,
    open: async (node, namespace = '/market', auth = { token: signToken(['user']) }, options = {}) => {
      const client = await Client.open(`${cluster().nodes[node].url}${namespace}`, auth, options);
      clients.push(client);
      return client;
    },
    /** Every event published so far was pushed: a bar published after it has reached these clients. */
    settled: async (...listeners) => {
      fences += 1;
      cluster().market.bar(FENCE_SYMBOL, [`2030-01-01T10:${String(fences).padStart(2, '0')}:00+08:00`, fences]);
      for (const one of listeners) {
        await one.until(() => one.items().some(({ d }) => d.c === fences), 'the fence');
      }
    },
  };
}

const FENCE_SYMBOL = '300918.SZ';

/** A subscribe to these channels and to the one that {@link useCluster}'s `settled` uses. */
export const withFence = (...channels: string[]): object => ({ channels: [...channels, `bar.1Min.${FENCE_SYMBOL}`] });

export async function metric(one: StartedService, name: string): Promise<number> {
  const text = await (await fetch(`${one.managementUrl}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.]+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}
