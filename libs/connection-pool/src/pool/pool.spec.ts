import { describe, expect, it } from '@jest/globals';
import { Pool } from './pool.js';
import type { PoolOptions } from './pool-options.js';

class Fake {
  static made = 0;
  readonly id = (Fake.made += 1);
  isDead = false;
  isClosed = false;
  lost: () => void = () => undefined;
}

function make(options: Partial<PoolOptions> = {}) {
  const made: Fake[] = [];
  const state = { fail: false };
  const pool = new Pool<Fake>(
    { name: 'spec', role: () => 'primary', server: 'here', size: 2, overflow: 1, ...options },
    {
      open: async () => {
        await Promise.resolve();
        if (state.fail) throw new Error('refused');
        const fake = new Fake();
        made.push(fake);
        return fake;
      },
      ping: (fake) => (fake.isDead ? Promise.reject(new Error('dead')) : Promise.resolve()),
      close: (fake) => {
        fake.isClosed = true;
        return Promise.resolve();
      },
      onLost: (fake, lost) => (fake.lost = lost),
    },
  );
  return { pool, made, state };
}

describe('a pool', () => {
  it('keeps size', async () => {
    const { pool, made } = make();
    const leases = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    const late = pool.acquire();
    expect(pool.status()).toMatchObject({ lent: 3, waiting: 1, idle: 0 });
    leases[0]?.release();
    const next = await late;
    expect(next.isFresh).toBe(false);
    next.release();
    for (const lease of leases.slice(1)) lease.release();
    expect(pool.status()).toMatchObject({ lent: 0, waiting: 0, idle: 2 });
    await pool.end();
    expect(made.every((one) => one.isClosed)).toBe(true);
  });
  it('fails all when refused', async () => {
    const { pool, state } = make();
    state.fail = true;
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => pool.acquire()));
    expect(all.every((one) => one.status === 'rejected')).toBe(true);
    await pool.end();
  });
  it('replaces dead', async () => {
    const { pool, made } = make();
    const leases = await Promise.all([pool.acquire(), pool.acquire()]);
    for (const lease of leases) lease.release();
    for (const one of made) one.isDead = true;
    const again = await Promise.all([pool.acquire({ ping: 'always' }), pool.acquire({ ping: 'always' })]);
    expect(again.map((one) => one.connection.isDead)).toEqual([false, false]);
    for (const lease of again) lease.release();
    await pool.end();
  });
  it('times out', async () => {
    const { pool } = make({ acquireTimeoutMs: 50, size: 1, overflow: 0 });
    const lease = await pool.acquire();
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'POOL_TIMEOUT' });
    lease.release();
    await pool.end();
  });
});
