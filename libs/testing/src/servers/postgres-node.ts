import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../process/wait-for.js';
import { postgresProcess, urlFor, withClient, type Cluster } from './postgres-cluster.js';
import { copyPrimary, followConfigured, startFollowing } from './postgres-replica.js';
import { serverOf, type Server } from './server.js';

type ServiceRole = 'market_data' | 'auth' | 'cache';

/** One PostgreSQL server of a cluster. Whether it is the primary now is for itself to say. */
export interface PostgresNode extends Server {
  /** The role that migrates. */
  readonly ownerUrl: string;
  /** For tests that arrange or look behind the scenes. */
  readonly superuserUrl: string;
  urlOf(role: ServiceRole): string;
  /** Makes a replica the primary, and waits until it is. */
  promote(): Promise<void>;
  /** From now on a replica of `primary`, running or not before; an old primary drops its data and copies the new one's. */
  follow(primary: PostgresNode): Promise<void>;
  /** A replica replays a commit only `ms` after it happened; 0 is at once. */
  delayReplay(ms: number): Promise<void>;
  /** A replica goes on receiving and shows nothing new until `resumeReplay()`. */
  pauseReplay(): Promise<void>;
  resumeReplay(): Promise<void>;
}

/** Starts the server of the data directory on `port`. */
export async function startNode(
  cluster: Cluster,
  place: { readonly name: string; readonly data: string; readonly port: number; readonly logFile?: string | undefined },
): Promise<PostgresNode> {
  const process = postgresProcess({ ...place, superuserPassword: cluster.passwords.postgres });
  await process.start();
  return nodeOf(cluster, place.data, serverOf(place.port, process));
}

function nodeOf(cluster: Cluster, data: string, server: Server): PostgresNode {
  const superuserUrl = urlFor('postgres', cluster.passwords, server.port);
  const order = (...texts: string[]): Promise<void> =>
    withClient(superuserUrl, async (client) => {
      for (const text of texts) await client.query(text);
    });
  const isReplica = async (): Promise<boolean> =>
    withClient(superuserUrl, async (client) => {
      const { rows } = await client.query<{ is: boolean }>('SELECT pg_is_in_recovery() AS is');
      return rows[0]?.is ?? false;
    });
  const node: PostgresNode = {
    ...server,
    ownerUrl: urlFor('mystocks_owner', cluster.passwords, server.port),
    superuserUrl,
    urlOf: (role) => urlFor(role, cluster.passwords, server.port),
    promote: async () => {
      await order('SELECT pg_promote()');
      await waitFor(async () => !(await isReplica()), { timeoutMs: 30_000, what: 'the promotion' });
    },
    follow: async (primary) => {
      if (existsSync(join(data, 'standby.signal')) && server.process.pid !== undefined) {
        followConfigured(cluster, data, primary.port);
        await order('SELECT pg_reload_conf()');
        return;
      }
      await server.process.stop();
      await copyPrimary(cluster, data, primary.port);
      await startFollowing(cluster, data, primary.port, () => server.process.start());
    },
    delayReplay: (ms) =>
      order(`ALTER SYSTEM SET recovery_min_apply_delay = '${String(ms)}ms'`, 'SELECT pg_reload_conf()'),
    pauseReplay: () => order('SELECT pg_wal_replay_pause()'),
    resumeReplay: () => order('SELECT pg_wal_replay_resume()'),
  };
  return node;
}
