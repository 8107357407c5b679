import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPort } from '../process/free-port.js';
import { waitFor } from '../process/wait-for.js';
import { findPostgres } from './find-program.js';
import {
  configureCluster,
  giveToPostgres,
  postgresProcess,
  postgresUser,
  urlFor,
  withClient,
  type PostgresPasswords,
} from './postgres-cluster.js';
import { run } from './run.js';
import { serverOf, type Server } from './server.js';

export interface ReplicaOptions {
  readonly directory: string;
  readonly passwords: PostgresPasswords;
  readonly durable: boolean;
  readonly primary: Server;
  /** The primary is new: whatever a replica held before is worthless. */
  readonly isNew: boolean;
  readonly replicaPort?: number;
  readonly replicaLogFile?: string;
}

/** A streaming replica of `primary`. One that can no longer follow (it was away too long) is built anew. */
export async function startReplica(options: ReplicaOptions): Promise<Server> {
  const data = join(options.directory, 'replica');
  if (options.isNew || !existsSync(join(data, 'standby.signal'))) await copyPrimary(data, options);
  try {
    return await follow(data, options);
  } catch (error) {
    if (/address (already )?in use/i.test(String(error))) throw error;
    await copyPrimary(data, options);
    return follow(data, options);
  }
}

async function copyPrimary(data: string, { primary, passwords, durable }: ReplicaOptions): Promise<void> {
  rmSync(data, { recursive: true, force: true });
  await run(
    join(findPostgres(), 'pg_basebackup'),
    [
      ...['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'replicator', '-w'],
      ...['-D', data, '-X', 'stream', '-c', 'fast', ...(durable ? [] : ['--no-sync'])],
    ],
    { user: postgresUser(), env: { PGPASSWORD: passwords.replicator } },
  );
  const signal = join(data, 'standby.signal');
  writeFileSync(signal, '', { mode: 0o600 });
  giveToPostgres(signal);
}

async function follow(data: string, options: ReplicaOptions): Promise<Server> {
  const { primary, passwords, durable } = options;
  configureCluster(data, durable);
  const settings = join(data, 'replica.conf');
  const source = `host=127.0.0.1 port=${String(primary.port)} user=replicator password=${passwords.replicator} application_name=replica`;
  writeFileSync(settings, `primary_conninfo = '${source}'\n`, { mode: 0o600 });
  giveToPostgres(settings);
  return onPort(options.replicaPort, async (port) => {
    const process = postgresProcess({
      name: 'postgres replica',
      data,
      port,
      superuserPassword: passwords.postgres,
      logFile: options.replicaLogFile,
    });
    await process.start();
    try {
      await waitFor(() => streams(urlFor('postgres', passwords, port)), {
        timeoutMs: 10_000,
        what: 'the replica to stream',
      });
    } catch (error) {
      await process.stop();
      throw error;
    }
    return serverOf(port, process);
  });
}

const streams = (url: string): Promise<boolean> =>
  withClient(url, async (client) => {
    const { rowCount } = await client.query("SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'");
    return rowCount === 1;
  });
