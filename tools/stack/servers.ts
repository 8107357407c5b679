import { startEtcd, startNats, startPostgres, startRedis, type PostgresServer, type Server } from '@mystocks/testing';
import { join } from 'node:path';
import { logFile } from './logs.ts';
import { postgresDirectory, type Plan } from './plan.ts';
import type { StackSecrets } from './secrets.ts';

/** What the services need to know about the servers. */
export interface Servers {
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly postgres: PostgresServer;
}

/** Tells about every server as soon as it answers. */
export type Arrived = (name: string, server: Server) => void;

/** Starts NATS, Redis, PostgreSQL with a replica, and etcd, all at once. */
export async function startServers(plan: Plan, secrets: StackSecrets, arrived: Arrived): Promise<Servers> {
  const { ports, directory } = plan;
  const place = (name: string): { directory: string; logFile: string } => ({
    directory: join(directory, name),
    logFile: logFile(plan, name),
  });
  const noted = async <S extends Server>(name: string, starting: Promise<S>): Promise<S> => {
    const server = await starting;
    arrived(name, server);
    return server;
  };
  const nats = noted('nats-server', startNats({ ...place('nats'), port: ports.nats, token: secrets.nats_token }));
  const redis = noted(
    'redis-server',
    startRedis({ ...place('redis'), port: ports.redis, password: secrets.redis_password }),
  );
  const postgres = noted('postgres', startDatabase(plan, secrets));
  const etcd = noted('etcd', startEtcd({ ...place('etcd'), port: ports.etcd, peerPort: ports.etcdPeer }));
  await settled([nats, redis, postgres, etcd]);
  return { natsUrl: (await nats).url, redisUrl: (await redis).url, postgres: await postgres };
}

async function startDatabase(plan: Plan, { postgres: passwords }: StackSecrets): Promise<PostgresServer> {
  try {
    return await startPostgres({
      directory: postgresDirectory(plan),
      port: plan.ports.postgres,
      logFile: logFile(plan, 'postgres'),
      passwords,
      replicas: [{ port: plan.ports.replica, logFile: logFile(plan, 'replica') }],
    });
  } catch (error) {
    if (!String(error).includes('password authentication failed')) throw error;
    throw new Error(
      `the data in ${postgresDirectory(plan)} was made with other secrets than ${plan.file('secrets.json')}; remove both to begin anew`,
      { cause: error },
    );
  }
}

/** Waits for all, so that what did start is known and can be stopped; then throws the first failure. */
export async function settled(work: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(work);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
