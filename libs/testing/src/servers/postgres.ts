import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onPort } from '../process/free-port.js';
import { removeDirectory, temporaryDirectory } from '../process/temporary-directory.js';
import { findPostgres } from './find-program.js';
import {
  configureCluster,
  createCluster,
  giveToPostgres,
  postgresProcess,
  urlFor,
  type PostgresPasswords,
} from './postgres-cluster.js';
import { startReplica } from './postgres-replica.js';
import { run } from './run.js';
import { inRepository, serverOf, type Place, type Server } from './server.js';

export interface PostgresOptions extends Place {
  /** Also start a streaming replica. */
  readonly replica?: boolean;
  readonly replicaPort?: number;
  readonly replicaLogFile?: string;
  readonly passwords?: PostgresPasswords;
  /** Survive a power cut (fsync). Default: only when a `directory` is given. */
  readonly durable?: boolean;
}

type ServiceRole = 'market_data' | 'auth';

/** A primary (the server itself) and, when asked for, its replica. */
export interface PostgresServer extends Server {
  /** The role that migrates, on the primary. */
  readonly ownerUrl: string;
  /** For tests that arrange or look behind the scenes, on the primary. */
  readonly superuserUrl: string;
  /** A service's role on the primary. */
  urlOf(role: ServiceRole): string;
  /** A service's role on the replica. */
  replicaUrlOf(role: ServiceRole): string;
  /** The replica's own switch; `stop()` of the primary stops it too. */
  readonly replica: Server | undefined;
}

const freshPasswords = (): PostgresPasswords => {
  const password = (): string => randomBytes(24).toString('base64url');
  return {
    postgres: password(),
    mystocks_owner: password(),
    market_data: password(),
    auth: password(),
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
  const durable = options.durable ?? temporary === undefined;
  const passwords = options.passwords ?? freshPasswords();
  const data = join(directory, 'primary');
  const isNew = !existsSync(join(data, 'PG_VERSION'));
  await createCluster(data, passwords, durable);
  configureCluster(data, durable);
  const primary = await onPort(options.port, async (port) => {
    const process = postgresProcess({
      name: 'postgres primary',
      data,
      port,
      superuserPassword: passwords.postgres,
      logFile: options.logFile,
    });
    await process.start();
    return serverOf(port, process);
  });
  try {
    await applyRoles(primary.port, passwords);
    const replica =
      options.replica === true
        ? await startReplica({ ...options, directory, passwords, durable, primary, isNew })
        : undefined;
    return describe(primary, replica, passwords, temporary);
  } catch (error) {
    await primary.stop();
    throw error;
  }
}

async function applyRoles(port: number, passwords: PostgresPasswords): Promise<void> {
  await run(join(findPostgres(), 'psql'), ['-X', '-q', '-f', inRepository('deploy/postgres/roles.sql')], {
    env: {
      PGHOST: '127.0.0.1',
      PGPORT: String(port),
      PGUSER: 'postgres',
      PGDATABASE: 'postgres',
      PGPASSWORD: passwords.postgres,
      MYSTOCKS_OWNER_PASSWORD: passwords.mystocks_owner,
      MARKET_DATA_PASSWORD: passwords.market_data,
      AUTH_PASSWORD: passwords.auth,
      REPLICATOR_PASSWORD: passwords.replicator,
    },
  });
}

function describe(
  primary: Server,
  replica: Server | undefined,
  passwords: PostgresPasswords,
  temporary: string | undefined,
): PostgresServer {
  return {
    ...primary,
    replica,
    ownerUrl: urlFor('mystocks_owner', passwords, primary.port),
    superuserUrl: urlFor('postgres', passwords, primary.port),
    urlOf: (role) => urlFor(role, passwords, primary.port),
    replicaUrlOf: (role) => {
      if (replica === undefined) throw new Error('started without a replica');
      return urlFor(role, passwords, replica.port);
    },
    stop: async () => {
      await replica?.stop();
      await primary.stop();
      if (temporary !== undefined) await removeDirectory(temporary);
    },
  };
}
