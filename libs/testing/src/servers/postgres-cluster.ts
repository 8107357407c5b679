import { chownSync, copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { ManagedProcess } from '../process/managed-process.js';
import { findPostgres } from './find-program.js';
import { run } from './run.js';
import { inRepository } from './server.js';

/** One password a role, made once for a cluster. */
export interface PostgresPasswords {
  readonly postgres: string;
  readonly mystocks_owner: string;
  readonly market_data: string;
  readonly auth: string;
  readonly cache: string;
  readonly replicator: string;
}

type PostgresRole = keyof PostgresPasswords;

/** What all servers of a cluster have in common. */
export interface Cluster {
  readonly passwords: PostgresPasswords;
  /** fsync. */
  readonly durable: boolean;
  readonly synchronous: boolean;
  readonly maxConnections: number | undefined;
}

/** PostgreSQL refuses to run as root: then the `postgres` user of its package runs it. */
export function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('postgres:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error('no user postgres: install PostgreSQL from its package');
  return { uid: Number(uid), gid: Number(gid) };
}

/** Hands a file or directory to the user that runs PostgreSQL. */
export function giveToPostgres(path: string): void {
  const user = postgresUser();
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}

export const urlFor = (role: PostgresRole, passwords: PostgresPasswords, port: number, database = 'mystocks'): string =>
  `postgresql://${role}:${encodeURIComponent(passwords[role])}@127.0.0.1:${String(port)}/${database}`;

/** Makes an empty cluster in `data`, unless there is one. */
export async function createCluster(data: string, { passwords, durable }: Cluster): Promise<void> {
  if (existsSync(join(data, 'PG_VERSION'))) return;
  // Made aside and then renamed: an interrupted initdb is never taken for a cluster.
  const unfinished = `${data}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const passwordFile = `${data}.password`;
  writeFileSync(passwordFile, passwords.postgres, { mode: 0o600 });
  giveToPostgres(passwordFile);
  try {
    await run(
      join(findPostgres(), 'initdb'),
      [
        ...['-D', unfinished, '-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
        ...['--encoding=UTF8', '--locale=C', '--no-instructions', ...(durable ? [] : ['--no-sync'])],
      ],
      { user: postgresUser() },
    );
    renameSync(unfinished, data);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Puts our configuration beside the data; written anew at every start, so that a change of the files arrives. */
export function configureCluster(data: string, { durable, synchronous, maxConnections }: Cluster): void {
  const lines = [readFileSync(inRepository('deploy/postgres/postgresql.conf'), 'utf8')];
  // Commits stay synchronous: without fsync they cost nothing, and a replica gets them at once.
  if (!durable) lines.push('fsync = off', 'full_page_writes = off', 'shared_buffers = 64MB', 'max_wal_size = 256MB');
  if (synchronous) lines.push("synchronous_standby_names = 'ANY 1 (*)'");
  if (maxConnections !== undefined) lines.push(`max_connections = ${String(maxConnections)}`);
  const path = join(data, 'mystocks.conf');
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  const hba = join(data, 'pg_hba.conf');
  copyFileSync(inRepository('deploy/postgres/pg_hba.conf'), hba);
  const main = join(data, 'postgresql.conf');
  const text = readFileSync(main, 'utf8');
  if (!text.includes("include 'mystocks.conf'")) {
    writeFileSync(main, `${text}\ninclude 'mystocks.conf'\ninclude_if_exists 'replica.conf'\n`);
  }
  for (const file of [path, hba, main]) giveToPostgres(file);
}

/** The process of one cluster. Its stop signal is the "fast" shutdown: sessions end, nothing is lost. */
export function postgresProcess(options: {
  readonly name: string;
  readonly data: string;
  readonly port: number;
  readonly superuserPassword: string;
  readonly logFile?: string | undefined;
}): ManagedProcess {
  const { name, data, port, superuserPassword, logFile } = options;
  return new ManagedProcess({
    name,
    command: join(findPostgres(), 'postgres'),
    args: ['-D', data, '-p', String(port)],
    env: { LC_ALL: 'C' },
    cwd: '/',
    user: postgresUser(),
    logFile,
    stopSignal: 'SIGINT',
    startTimeoutMs: 60_000,
    stopTimeoutMs: 60_000,
    ready: async () => {
      await withClient(`postgresql://postgres:${superuserPassword}@127.0.0.1:${String(port)}/postgres`, (client) =>
        client.query('SELECT 1'),
      );
    },
  });
}

/** Opens a connection for the time of `work`. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
