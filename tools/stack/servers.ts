import {
  allStarted,
  startEtcd,
  startSystemServers,
  type Server,
  type SystemSecrets,
  type SystemServers,
} from '@mystocks/testing';
import { join } from 'node:path';
import { logFile } from './logs.ts';
import { postgresDirectory, type Plan } from './plan.ts';

/** Called with every server as soon as it answers. */
export type OnStarted = (name: string, server: Server) => void;

/** Starts NATS, Redis, PostgreSQL with a replica, and etcd, all at the same time. */
export async function startServers(plan: Plan, secrets: SystemSecrets, onStarted: OnStarted): Promise<SystemServers> {
  const { ports } = plan;
  const place = (name: string): { directory: string; logFile: string } => ({
    directory: join(plan.directory, name),
    logFile: logFile(plan, name),
  });
  const etcd = startEtcd({ ...place('etcd'), port: ports.etcd, peerPort: ports.etcdPeer }).then((server) => {
    onStarted('etcd', server);
  });
  const servers = startSystemServers({
    secrets,
    places: {
      nats: { ...place('nats'), port: ports.nats },
      redis: { ...place('redis'), port: ports.redis },
      postgres: { ...place('postgres'), directory: postgresDirectory(plan), port: ports.postgres },
    },
    postgres: { replicas: [{ port: ports.replica, logFile: logFile(plan, 'replica') }] },
    onStarted,
  }).catch((error: unknown) => {
    if (!String(error).includes('password authentication failed')) throw error;
    throw new Error(
      `the data in ${postgresDirectory(plan)} was made with other secrets than ${plan.file('secrets.json')}; remove both to begin anew`,
      { cause: error },
    );
  });
  await allStarted([etcd, servers]);
  return servers;
}
