import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { connect as connectNats } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  isAlive,
  portTaken,
  processTree,
  startEtcd,
  startNats,
  startPostgres,
  startRedis,
  temporaryDirectory,
  waitFor,
  type Server,
} from '../index.js';
import { withClient } from './postgres-cluster.js';

// Servers start in well under a second; a busy machine may take its time.
jest.setTimeout(30_000);

const started: Server[] = [];
const keep = <S extends Server>(server: S): S => {
  started.push(server);
  return server;
};

// Whatever a test did to its server: nothing of it may be left.
afterEach(async () => {
  for (const server of started.splice(0)) {
    const pids = server.process.pid === undefined ? [] : processTree(server.process.pid);
    await server.stop();
    await waitFor(() => !pids.some(isAlive), { timeoutMs: 10_000, what: 'every process to be gone' });
    expect(await portTaken(server.port)).toBe(false);
  }
});

describe('startNats', () => {
  it('carries messages, with JetStream, for those who show the token', async () => {
    const nats = keep(await startNats({ token: 'a-token' }));
    await expect(connectNats({ servers: nats.url, reconnect: false })).rejects.toThrow(/auth/i);
    const connection = await connectNats({ servers: nats.url, token: 'a-token' });
    connection.subscribe('echo', { callback: (_, message) => void message.respond(message.data) });
    expect((await connection.request('echo', 'hi')).string()).toBe('hi');
    expect(connection.info).toMatchObject({ jetstream: true, max_payload: 8 * 1_048_576 });
    await connection.close();
  });

  it('comes back on its port after it was killed', async () => {
    const nats = keep(await startNats());
    const connection = await connectNats({ servers: nats.url, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
    await nats.kill();
    expect(await portTaken(nats.port)).toBe(false);
    await nats.restart();
    await waitFor(() => connection.flush().then(() => true), { timeoutMs: 10_000 });
    await connection.close();
  });
});

describe('startRedis', () => {
  it('answers clients with the password, and none while it is paused', async () => {
    const redis = keep(await startRedis({ password: 'a/strange:word' }));
    const client = new Redis(redis.url, { maxRetriesPerRequest: 0, commandTimeout: 200 });
    await client.set('k', 'v');
    redis.pause();
    await expect(client.get('k')).rejects.toThrow(/timed out/);
    redis.resume();
    expect(await client.get('k')).toBe('v');
    client.disconnect();
    const withoutPassword = new Redis(redis.port, '127.0.0.1', { maxRetriesPerRequest: 0, enableReadyCheck: false });
    withoutPassword.on('error', () => undefined);
    await expect(withoutPassword.get('k')).rejects.toThrow(/NOAUTH/);
    withoutPassword.disconnect();
  });
});

describe('startEtcd', () => {
  it('keeps what it was given', async () => {
    const etcd = keep(await startEtcd());
    const post = async (path: string, body: object): Promise<unknown> =>
      (await fetch(`${etcd.url}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
    const key = Buffer.from('k').toString('base64');
    await post('put', { key, value: Buffer.from('v').toString('base64') });
    expect(await post('range', { key })).toMatchObject({ kvs: [{ value: Buffer.from('v').toString('base64') }] });
  });
});

describe('startPostgres', () => {
  it('does without a TMPDIR that its own user cannot enter', async () => {
    const library = new URL('../../dist/index.js', import.meta.url).href;
    const script = `import { startPostgres } from ${JSON.stringify(library)}; await (await startPostgres()).stop();`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: process.env['PATH'], TMPDIR: temporaryDirectory('closed') },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  const scalar = (url: string, text: string): Promise<unknown> =>
    withClient(
      url,
      async (client) => Object.values((await client.query<Record<string, unknown>>(text)).rows[0] ?? {})[0],
    );

  it('gives each role its own schema and nothing else', async () => {
    const postgres = keep(await startPostgres());
    await withClient(postgres.ownerUrl, async (client) => {
      await client.query('CREATE TABLE market_data.t (n int)');
      await client.query('GRANT SELECT ON market_data.t TO market_data');
    });
    expect(await scalar(postgres.urlOf('market_data'), 'SELECT count(*)::int FROM t')).toBe(0);
    await expect(scalar(postgres.urlOf('auth'), 'SELECT 1 FROM market_data.t')).rejects.toThrow(/permission denied/);
    for (const role of ['market_data', 'auth', 'cache'] as const) {
      const url = postgres.urlOf(role);
      await expect(scalar(url, 'CREATE TABLE public.mine (n int)')).rejects.toThrow(/permission denied/);
      await expect(scalar(url, `CREATE TABLE ${role}.mine (n int)`)).rejects.toThrow(/permission denied/);
      await expect(scalar(url.replace(/:[^:@/]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password authentication/);
    }
    expect(await scalar(postgres.superuserUrl, 'SHOW password_encryption')).toBe('scram-sha-256');
  });

  /** Adds a row and waits until the server at `url` shows them all. */
  const arrives = async (ownerUrl: string, url: string): Promise<void> => {
    const rows = await scalar(ownerUrl, 'INSERT INTO market_data.t SELECT count(*) + 1 FROM market_data.t RETURNING n');
    const count = 'SELECT count(*)::int FROM market_data.t';
    await waitFor(async () => (await scalar(url, count)) === rows, { timeoutMs: 10_000, what: `row ${String(rows)}` });
  };
  const makeTable = (ownerUrl: string): Promise<unknown> => scalar(ownerUrl, 'CREATE TABLE market_data.t (n int)');

  it('streams to its replicas, also after any of them was killed', async () => {
    const postgres = keep(await startPostgres({ replicas: 2 }));
    const [first, second] = postgres.replicas;
    await makeTable(postgres.ownerUrl);
    await arrives(postgres.ownerUrl, first!.ownerUrl);
    await arrives(postgres.ownerUrl, second!.ownerUrl);
    expect(await scalar(first!.urlOf('market_data'), 'SELECT pg_is_in_recovery()')).toBe(true);
    await postgres.kill();
    await expect(scalar(postgres.ownerUrl, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
    expect(await scalar(first!.ownerUrl, 'SELECT count(*)::int FROM market_data.t')).toBe(2);
    await postgres.restart();
    await arrives(postgres.ownerUrl, first!.ownerUrl);
    await second!.kill();
    await second!.restart();
    await arrives(postgres.ownerUrl, second!.ownerUrl);
    await postgres.stop();
    expect(await portTaken(second!.port)).toBe(false);
  });

  it('keeps a replica behind for as long as it is told to', async () => {
    const postgres = keep(await startPostgres({ replicas: 1 }));
    const [replica] = postgres.replicas;
    await makeTable(postgres.ownerUrl);
    await arrives(postgres.ownerUrl, replica!.ownerUrl);
    for (const [stop, go] of [
      [() => replica!.pauseReplay(), () => replica!.resumeReplay()],
      [() => replica!.delayReplay(600_000), () => replica!.delayReplay(0)],
    ] as const) {
      await stop();
      const before = await scalar(replica!.ownerUrl, 'SELECT count(*)::int FROM market_data.t');
      await scalar(postgres.ownerUrl, 'INSERT INTO market_data.t VALUES (0)');
      const received = 'SELECT pg_last_wal_receive_lsn() >= $1';
      const position = String(await scalar(postgres.superuserUrl, 'SELECT pg_current_wal_flush_lsn()::text'));
      await waitFor(() => scalar(replica!.superuserUrl, received.replace('$1', `'${position}'`)), { timeoutMs: 5_000 });
      expect(await scalar(replica!.ownerUrl, 'SELECT count(*)::int FROM market_data.t')).toBe(before);
      await go();
      await arrives(postgres.ownerUrl, replica!.ownerUrl);
    }
  });

  it('loses nothing acknowledged when its primary is killed: a replica takes over, the others and the old one follow', async () => {
    const postgres = keep(await startPostgres({ replicas: 2, synchronous: true, maxConnections: 40 }));
    const [first, second] = postgres.replicas;
    await makeTable(postgres.ownerUrl);
    await arrives(postgres.ownerUrl, first!.ownerUrl);
    await arrives(postgres.ownerUrl, second!.ownerUrl);
    await postgres.kill();
    await first!.promote();
    await second!.follow(first!);
    await arrives(first!.ownerUrl, second!.ownerUrl);
    await postgres.follow(first!);
    await arrives(first!.ownerUrl, postgres.ownerUrl);
    expect(await scalar(postgres.superuserUrl, 'SHOW max_connections')).toBe('40');
  });

  it('finds its data again in a directory of its own', async () => {
    const directory = temporaryDirectory('keep');
    const passwords = { postgres: 'p', mystocks_owner: 'o', market_data: 'm', auth: 'a', cache: 'c', replicator: 'r' };
    const first = keep(await startPostgres({ directory, passwords, durable: false, replicas: 1 }));
    await scalar(first.ownerUrl, 'CREATE TABLE market_data.t AS SELECT 7 AS n');
    await first.stop();
    const second = keep(await startPostgres({ directory, passwords, durable: false, replicas: 1 }));
    expect(await scalar(second.ownerUrl, 'SELECT n FROM market_data.t')).toBe(7);
    expect(existsSync(directory)).toBe(true);
  });
});
