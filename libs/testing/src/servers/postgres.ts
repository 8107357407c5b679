import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onPort } from '../process/free-port.js';
import { removeDirectory, temporaryDirectory } from '../process/temporary-directory.js';
import { waitFor } from '../process/wait-for.js';
import { findPostgres } from './find-program.js';
import {
  configureCluster,
  createCluster,
  giveToPostgres,
  withClient,
  type Cluster,
  type PostgresPasswords,
} from './postgres-cluster.js';
import { startNode, type PostgresNode } from './postgres-node.js';
import { copyPrimary, startFollowing } from './postgres-replica.js';
import { run } from './run.js';
import { inRepository, type Place } from './server.js';

export interface PostgresOptions extends Place {
  /** Streaming replicas beside the primary: how many, or where each listens and logs. */
  readonly replicas?: number | readonly Omit<Place, 'directory'>[];
  readonly passwords?: PostgresPasswords;
  /** Survive a power cut (fsync). Default: only when a `directory` is given. */
  readonly durable?: boolean;
  /** A commit is acknowledged when a replica has it too. */
  readonly synchronous?: boolean;
  /** Instead of that of deploy/postgres/postgresql.conf. */
  readonly maxConnections?: number;
}

/** The server that started as the primary, and its replicas; `stop()` stops them all. */
export interface PostgresServer extends PostgresNode {
  readonly replicas: readonly PostgresNode[];
  /** PG_REPLICA_URLS of a service's role. */
  replicaUrlsOf(role: Parameters<PostgresNode['urlOf']>[0]): string;
}

const freshPasswords = (): PostgresPasswords => {
  const password = (): string => randomBytes(24).toString('base64url');
  return {
    postgres: password(),
    mystocks_owner: password(),
    market_data: password(),
    auth: password(),
    cache: password(),
    replicator: password(),
  };
};

/**
 * PostgreSQL with the roles, database and schemas of `deploy/postgres/roles.sql`, SCRAM only.
 * As root it runs as the `postgres` user, so every folder above a given `directory` must let others pass.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const temporary = options.directory === undefined ? temporaryDirectory('postgres') : undefined;
  const directory = options.directory ?? temporary ?? '';
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  giveToPostgres(directory);
  const cluster: Cluster = {
    passwords: options.passwords ?? freshPasswords(),
    durable: options.durable ?? temporary === undefined,
    synchronous: options.synchronous ?? false,
    maxConnections: options.maxConnections,
  };
  const data = join(directory, 'primary');
  const isNew = !existsSync(join(data, 'PG_VERSION'));
  await createCluster(data, cluster);
  configureCluster(data, cluster);
  const primary = await onPort(options.port, (port) =>
    startNode(cluster, { name: 'postgres primary', data, port, logFile: options.logFile }),
  );
  const started = [primary];
  try {
    await applyRoles(primary.port, cluster.passwords);
    const { replicas = 0 } = options;
    const places = typeof replicas === 'number' ? Array.from({ length: replicas }, () => ({})) : replicas;
    const starting = places.map(async (place, index) => {
      const name = index === 0 ? 'replica' : `replica-${String(index + 1)}`;
      const replica = await startReplica({ cluster, primary, isNew, name, data: join(directory, name), ...place });
      started.push(replica);
      return replica;
    });
    // All have come to an end, so that a failure leaves none behind.
    await Promise.allSettled(starting);
    return describe(primary, await Promise.all(starting), temporary);
  } catch (error) {
    await Promise.all(started.map((node) => node.stop()));
    throw error;
  }
}

interface Replica extends Omit<Place, 'directory'> {
  readonly cluster: Cluster;
  readonly primary: PostgresNode;
  /** The primary is new: whatever a replica held before is worthless. */
  readonly isNew: boolean;
  readonly name: string;
  readonly data: string;
}

async function startReplica({ cluster, primary, isNew, name, data, port, logFile }: Replica): Promise<PostgresNode> {
  if (isNew) await copyPrimary(cluster, data, primary.port);
  return startFollowing(cluster, data, primary.port, () =>
    onPort(port, async (free) => {
      const node = await startNode(cluster, { name: `postgres ${name}`, data, port: free, logFile });
      try {
        await waitFor(() => streams(node.superuserUrl), { timeoutMs: 10_000, what: `${name} to stream` });
      } catch (error) {
        await node.stop();
        throw error;
      }
      return node;
    }),
  );
}

const streams = (url: string): Promise<boolean> =>
  withClient(url, async (client) => {
    const { rowCount } = await client.query("SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'");
    return rowCount === 1;
  });

async function applyRoles(port: number, passwords: PostgresPasswords): Promise<void> {
  await run(join(findPostgres(), 'psql'), ['-X', '-q', '-f', inRepository('deploy/postgres/roles.sql')], {
    env: {
      PGHOST: '127.0.0.1',
      PGPORT: String(port),
      PGUSER: 'postgres',
      PGDATABASE: 'postgres',
      PGPASSWORD: passwords.postgres,
      // There is no replica yet that a synchronous commit could wait for.
      PGOPTIONS: '-c synchronous_commit=local',
      MYSTOCKS_OWNER_PASSWORD: passwords.mystocks_owner,
      MARKET_DATA_PASSWORD: passwords.market_data,
      AUTH_PASSWORD: passwords.auth,
      CACHE_PASSWORD: passwords.cache,
      REPLICATOR_PASSWORD: passwords.replicator,
    },
  });
}

function describe(
  primary: PostgresNode,
  replicas: readonly PostgresNode[],
  temporary: string | undefined,
): PostgresServer {
  return {
    ...primary,
    replicas,
    replicaUrlsOf: (role) => replicas.map((replica) => replica.urlOf(role)).join(','),
    stop: async () => {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await primary.stop();
      if (temporary !== undefined) await removeDirectory(temporary);
    },
  };
}
