import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTdengineStandIn, type TdengineStandIn } from '@mystocks/testing';
import { sql } from './literal.js';
import { TdenginePool, type TdenginePoolOptions } from './tdengine.pool.js';

let standIn: TdengineStandIn;
let pools: TdenginePool[] = [];

beforeAll(async () => {
  standIn = await startTdengineStandIn();
});
afterAll(() => standIn.stop());
afterEach(async () => {
  standIn.heal();
  await Promise.all(pools.map((pool) => pool.close()));
  pools = [];
});

let numbered = 0;
function open(options: Partial<TdenginePoolOptions> = {}): TdenginePool {
  const name = `td-${String((numbered += 1))}`;
  const limits = { size: 4, overflow: 0, acquireTimeoutMs: 5_000, requestTimeoutMs: 5_000 };
  const pool = new TdenginePool({ name, url: standIn.url, database: 'test', ...limits, ...options });
  pools.push(pool);
  return pool;
}

describe('TdenginePool', () => {
  it('opens no more connections than it may, however many statements run', async () => {
    const pool = open();
    const before = standIn.connectionsOpened;
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(Array.from({ length: 20 }, () => pool.query(sql`SELECT 1`)));
    }
    expect(standIn.connectionsOpened - before).toBeLessThanOrEqual(4);
  });
});
