import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPostgres } from './find-program.js';
import { configureCluster, giveToPostgres, postgresUser, type Cluster } from './postgres-cluster.js';
import { run } from './run.js';

/**
 * Starts a replica's server in `data` as a follower of the primary on `primaryPort`. One that cannot follow any more
 * (it was away too long, or its primary was made anew) is copied again.
 */
export async function startFollowing<T>(
  cluster: Cluster,
  data: string,
  primaryPort: number,
  start: () => Promise<T>,
): Promise<T> {
  if (!existsSync(join(data, 'standby.signal'))) await copyPrimary(cluster, data, primaryPort);
  followConfigured(cluster, data, primaryPort);
  try {
    return await start();
  } catch (error) {
    if (/address (already )?in use/i.test(String(error))) throw error;
    await copyPrimary(cluster, data, primaryPort);
    followConfigured(cluster, data, primaryPort);
    return start();
  }
}

/** Replaces whatever is in `data` by a copy of the primary's. */
export async function copyPrimary(cluster: Cluster, data: string, primaryPort: number): Promise<void> {
  rmSync(data, { recursive: true, force: true });
  await run(
    join(findPostgres(), 'pg_basebackup'),
    [
      ...['-h', '127.0.0.1', '-p', String(primaryPort), '-U', 'replicator', '-w'],
      ...['-D', data, '-X', 'stream', '-c', 'fast', ...(cluster.durable ? [] : ['--no-sync'])],
    ],
    { user: postgresUser(), env: { PGPASSWORD: cluster.passwords.replicator } },
  );
  const signal = join(data, 'standby.signal');
  writeFileSync(signal, '', { mode: 0o600 });
  giveToPostgres(signal);
}

/** Writes down whom the replica follows. */
export function followConfigured(cluster: Cluster, data: string, primaryPort: number): void {
  configureCluster(data, cluster);
  const settings = join(data, 'replica.conf');
  const source = `host=127.0.0.1 port=${String(primaryPort)} user=replicator password=${cluster.passwords.replicator} application_name=replica`;
  writeFileSync(settings, `primary_conninfo = '${source}'\n`, { mode: 0o600 });
  giveToPostgres(settings);
}
