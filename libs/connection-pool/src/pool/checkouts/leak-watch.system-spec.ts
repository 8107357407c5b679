import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startPostgres, waitFor, type PostgresServer } from '@mystocks/testing';
import { openLog, withContext } from '@mystocks/telemetry';
import pg from 'pg';
import { register } from 'prom-client';
import { PgConnector } from '../../postgres/connections/pg-connector.js';
import { PostgresPool } from '../../postgres/postgres.pool.js';
import type { Queryable } from '../../postgres/connections/queryable.js';
import type { Checkout } from './checkout.js';
import { poolStates } from '../pool-states.js';
import { Pool } from '../pool.js';

const LEAK_AFTER_MS = 100;
let server: PostgresServer;
let lines: Record<string, unknown>[] = [];
const pools: Pool<pg.Client>[] = [];

function open(options: { name: string; size?: number; reclaimLeaks?: boolean; leakAfterMs?: number }): Pool<pg.Client> {
  const connector = new PgConnector({ url: server.ownerUrl, name: options.name, statementTimeoutMs: 5_000 });
  const whole = { size: 1, overflow: 0, leakAfterMs: LEAK_AFTER_MS, role: () => 'primary', server: 'spec', ...options };
  const pool = new Pool(whole, connector);
  pools.push(pool);
  return pool;
}

const request = { requestId: 'request-7', traceparent: '00-0-0-01', route: 'svc.market-data.bars.list.v1' };
const forgetful = (pool: Pool<pg.Client>): Promise<Checkout<pg.Client>> => withContext(request, () => pool.acquire());
const told = (text: string): Record<string, unknown>[] => lines.filter(({ msg }) => String(msg).includes(text));
const sample = async (metric: string): Promise<string> => register.getSingleMetricAsString(metric);

beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
beforeEach(() => {
  lines = [];
  openLog(
    { service: 'spec', level: 'info' },
    { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});
afterAll(() => server.stop(), 30_000);

describe('a connection that is held too long', () => {
  it('logs and counts a leak once, with stack, route and request of the borrower, and logs its late release', async () => {
    const pool = open({ name: 'leaky' });
    const checkout = await forgetful(pool);
    await waitFor(() => told('held too long').length === 1, { timeoutMs: 5_000 });
    expect(told('held too long')[0]).toMatchObject({
      pool: 'leaky',
      route: 'svc.market-data.bars.list.v1',
      request_id: 'request-7',
    });
    expect(String(told('held too long')[0]?.['stack'])).toMatch(/forgetful.*leak-watch\.system-spec\.ts:\d+/);
    // Two more looks of the watch.
    await new Promise((resolve) => setTimeout(resolve, LEAK_AFTER_MS));
    expect(told('is held too long')).toHaveLength(1);
    expect(await sample('pool_leaks_total')).toContain('pool_leaks_total{pool="leaky"} 1');
    checkout.release();
    const [late] = told('returned late');
    expect(late).toMatchObject({ pool: 'leaky', request_id: 'request-7' });
    expect(late?.['held_ms']).toBeGreaterThanOrEqual(2 * LEAK_AFTER_MS);
    expect(pool.status()).toMatchObject({ idle: 1, inUse: 0 });
  });

  it('rolls back and closes a leaked connection and frees its place when reclaim is on', async () => {
    const pool = open({ name: 'strict', reclaimLeaks: true });
    const checkout = await forgetful(pool);
    const client = checkout.connection;
    await client.query('CREATE TEMP TABLE t (id int)').catch(() => undefined);
    await client.query('BEGIN READ WRITE; CREATE TABLE market_data.leaked (id int)');
    const next = await pool.acquire();
    expect(next.isFresh).toBe(true);
    const { rows } = await next.connection.query("SELECT to_regclass('market_data.leaked') AS found");
    expect(rows).toEqual([{ found: null }]);
    expect(() => checkout.connection).toThrow('held too long and reclaimed');
    await expect(client.query('SELECT 1')).rejects.toThrow(/closed|not queryable/);
    expect(() => {
      checkout.release();
    }).not.toThrow();
    expect(told('returned late')).toHaveLength(1);
    expect(pool.status()).toMatchObject({ inUse: 1, leaks: 1 });
    next.release();
  });
});

describe('the metrics of a pool', () => {
  it('shows 7 connections in use as exactly 7, and one wait for each borrower', async () => {
    const pool = open({ name: 'measured', size: 10, leakAfterMs: 60_000 });
    const checkouts = await Promise.all(Array.from({ length: 7 }, () => pool.acquire()));
    expect(await sample('active_connections')).toContain('active_connections{pool="measured",role="primary"} 7');
    expect(await sample('pool_wait_seconds')).toContain('pool_wait_seconds_count{pool="measured"} 7');
    for (const checkout of checkouts.slice(2)) checkout.release();
    const states = await sample('pool_connections');
    for (const [state, count] of Object.entries({ busy: 2, idle: 5, waiting: 0, opening: 0, max: 10 }))
      expect(states).toContain(`pool_connections{pool="measured",role="primary",state="${state}"} ${String(count)}`);
    expect(poolStates().find(({ name }) => name === 'measured')).toMatchObject({
      ...{ pool_size: 10, checked_in: 5, checked_out: 2, overflow: 0, max_overflow: 0, usage_percentage: 20 },
      wait: { count: 7 },
    });
    for (const checkout of checkouts.slice(0, 2)) checkout.release();
    await pool.end();
    expect(await sample('active_connections')).not.toContain('measured');
  });
});

describe('work whose connection is reclaimed', () => {
  it('rejects work whose connection was reclaimed and does not run it again', async () => {
    const limits = { size: 2, overflow: 0, statementTimeoutMs: 5_000, leakAfterMs: LEAK_AFTER_MS, reclaimLeaks: true };
    const service = new PostgresPool({ name: 'strict', url: server.ownerUrl, ...limits });
    let runs = 0;
    const tooLong = async (client: Queryable): Promise<void> => {
      runs += 1;
      await client.query('SELECT pg_sleep(2)');
    };
    // Lent before: a connection that is lost then is replaced, and reads run again.
    await Promise.all([service.query({ text: 'SELECT 1' }), service.query({ text: 'SELECT 1' })]);
    const why = { code: 'timeout', message: 'The work held its connection for too long; it was undone' };
    await expect(service.read(tooLong)).rejects.toMatchObject(why);
    await expect(service.write(tooLong)).rejects.toMatchObject(why);
    expect(runs).toBe(2);
    await service.close();
  });

  it('does not reclaim the connection of work that calls atWork', async () => {
    const limits = { size: 1, overflow: 0, statementTimeoutMs: 5_000, leakAfterMs: 1_000, reclaimLeaks: true };
    const service = new PostgresPool({ name: 'diligent', url: server.ownerUrl, ...limits });
    const { value } = await service.write(async (client) => {
      for (let part = 0; part < 25; part += 1) {
        await client.query('SELECT pg_sleep(0.1)');
        client.atWork();
      }
      return 'done';
    });
    expect(value).toBe('done');
    expect(await sample('pool_leaks_total')).toContain('pool_leaks_total{pool="diligent"} 0');
    await service.close();
  });
});
