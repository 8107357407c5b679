import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startPostgres, type PostgresServer } from '@mystocks/testing';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { Pool } from '../../pool/pool.js';
import { sharedDriver } from '../../type-orm/shared-driver.js';
import { PgConnector } from '../connections/pg-connector.js';
import { PgPool, type PgMode } from './pg-pool.js';

let server: PostgresServer;
let observer: pg.Client;
const pools: Pool<pg.Client>[] = [];

function open(mode: PgMode = 'read-write', size = 2): { face: PgPool; pool: Pool<pg.Client> } {
  const connector = new PgConnector({ url: server.ownerUrl, name: 'face', statementTimeoutMs: 2_000 });
  const pool = new Pool({ name: 'face', role: () => 'primary', server: 'spec', size, overflow: 0 }, connector);
  pools.push(pool);
  return { pool, face: new PgPool(pool, mode) };
}

const dataSource = (face: PgPool): Promise<DataSource> =>
  new DataSource({ type: 'postgres', url: server.ownerUrl, driver: sharedDriver(face), entities: [] }).initialize();
const killAll = (): Promise<unknown> =>
  observer.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'face'");
const insert = (id: number): string => `INSERT INTO market_data.faces VALUES (${String(id)})`;

beforeAll(async () => {
  server = await startPostgres();
  observer = new pg.Client({ connectionString: server.superuserUrl });
  await observer.connect();
  await observer.query('CREATE TABLE market_data.faces (id int PRIMARY KEY)');
  await observer.query('GRANT ALL ON market_data.faces TO mystocks_owner');
}, 60_000);
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});
afterAll(async () => {
  await observer.end();
  await server.stop();
}, 30_000);

describe('TypeORM over our pool', () => {
  it('lets TypeORM write, and not the next borrower of its connection', async () => {
    const { face, pool } = open('read-write', 1);
    const source = await dataSource(face);
    await source.transaction((manager) => manager.query(insert(1)));
    expect(await source.query('SELECT id FROM market_data.faces')).toEqual([{ id: 1 }]);
    const checkout = await pool.acquire();
    await expect(checkout.connection.query(insert(2))).rejects.toMatchObject({ code: '25006' });
    checkout.release();
    await source.destroy();
    expect(pool.status()).toMatchObject({ idle: 1, inUse: 0 });
  });

  it('replaces killed idle connections without an error in TypeORM', async () => {
    const { face } = open('read-write', 20);
    const source = await dataSource(face);
    const ask = (): Promise<unknown[]> => Promise.all(Array.from({ length: 20 }, () => source.query('SELECT 1')));
    await ask();
    await killAll();
    expect(await ask()).toHaveLength(20);
    await source.destroy();
  });
});

describe('PgPool', () => {
  it('connects with a promise and with a callback, and counts clients as pg.Pool does', async () => {
    const { face } = open();
    const client = await face.connect();
    expect([face.totalCount, face.idleCount, face.waitingCount, face.expiredCount]).toEqual([1, 0, 0, 0]);
    const other = await new Promise<pg.PoolClient | undefined>((resolve, reject) => {
      face.connect((error, lent, done) => {
        if (error === undefined) resolve(lent);
        else reject(error);
        done();
      });
    });
    expect(other).not.toBe(client);
    client.release();
    expect(() => {
      client.release();
    }).toThrow('already been released');
    await new Promise<void>((resolve) => face.end(resolve));
    expect([face.ending, face.ended]).toEqual([true, true]);
    await expect(face.connect()).rejects.toMatchObject({ code: 'POOL_ENDED' });
  });

  it('queries with and without values, with a promise and with a callback', async () => {
    const { face } = open();
    let removed = false;
    face.on('remove', () => (removed = true));
    expect((await face.query('SELECT $1::int AS n', [7])).rows).toEqual([{ n: 7 }]);
    const told = new Promise((resolve) => {
      face.query('SELECT 8 AS n', (_error, result) => {
        resolve(result?.rows);
      });
    });
    expect(await told).toEqual([{ n: 8 }]);
    const error = await new Promise((resolve) => {
      face.query('SELECT nonsense', [], resolve);
    });
    expect(error).toMatchObject({ code: '42703' });
    // The refusal did the connection no harm.
    expect(removed).toBe(false);
    expect(face.totalCount).toBe(1);
  });

  it('emits the events of pg.Pool', async () => {
    const { face } = open('read-only', 1);
    const seen: string[] = [];
    for (const event of ['connect', 'acquire', 'release', 'remove']) face.on(event, () => seen.push(event));
    await face.query('SELECT 1');
    await face.query('SELECT 1');
    const client = await face.connect();
    const removed = new Promise((resolve) => face.once('remove', resolve));
    client.release(true);
    await removed;
    expect(seen).toEqual(['connect', 'acquire', 'release', 'acquire', 'release', 'acquire', 'release', 'remove']);
  });

  it('rolls back a transaction that was left open before the next borrower gets the connection', async () => {
    const { face } = open('read-write', 1);
    const client = await face.connect();
    await client.query('BEGIN');
    await client.query(insert(3));
    client.release();
    expect((await face.query('SELECT FROM market_data.faces WHERE id = 3')).rowCount).toBe(0);
    expect(face.totalCount).toBe(1);
  });
});
