import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@mystocks/testing';
import { withContext } from '@mystocks/telemetry';
import type { Checkout } from './checkouts/checkout.js';
import { poolFailure } from './checkouts/pool-errors.js';
import type { PoolOptions } from './pool-options.js';
import { Pool } from './pool.js';

/** A connection that does what the test says. */
class Fake {
  pings = 0;
  isDead = false;
  isClosed = false;
  lost: () => void = () => undefined;
}

/** A server that does what the test says. */
class FakeServer {
  readonly made: Fake[] = [];
  refusal: Error | undefined;
  /** Those who want to open wait until `letIn` is called. */
  isSlow = false;
  readonly #door: (() => void)[] = [];

  async open(): Promise<Fake> {
    if (this.isSlow) await new Promise<void>((resolve) => this.#door.push(resolve));
    else await Promise.resolve();
    if (this.refusal !== undefined) throw this.refusal;
    const fake = new Fake();
    this.made.push(fake);
    return fake;
  }
  /** Those who are waiting to be let in. */
  get knocking(): number {
    return this.#door.length;
  }
  letIn(): void {
    for (const open of this.#door.splice(0)) open();
  }
  ping(fake: Fake): Promise<unknown> {
    fake.pings += 1;
    return fake.isDead ? Promise.reject(new Error('dead')) : Promise.resolve();
  }
  close(fake: Fake): Promise<void> {
    fake.isClosed = true;
    return Promise.resolve();
  }
  onLost(fake: Fake, lost: () => void): void {
    fake.lost = lost;
  }
}

const pools: Pool<Fake>[] = [];

function start(options: Partial<PoolOptions> = {}): { pool: Pool<Fake>; server: FakeServer } {
  const server = new FakeServer();
  const pool = new Pool(
    { name: 'unit', role: () => 'primary', server: 'here', size: 2, overflow: 1, ...options },
    server,
  );
  pools.push(pool);
  return { pool, server };
}

const borrow = (pool: Pool<Fake>, count: number): Promise<Checkout<Fake>[]> =>
  Promise.all(Array.from({ length: count }, () => pool.acquire()));
const giveBack = (checkouts: readonly Checkout<Fake>[]): void => {
  for (const checkout of checkouts) checkout.release();
};

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

describe('a connection that is checked in', () => {
  it('hands a checked-in connection to the first waiting borrower without a ping', async () => {
    const { pool, server } = start({ size: 1, overflow: 0 });
    const [checkout] = await borrow(pool, 1);
    const waiting = pool.acquire();
    checkout?.release();
    const next = await waiting;
    expect(next.isFresh).toBe(false);
    expect(server.made.map(({ pings }) => pings)).toEqual([0]);
    next.release();
  });

  it('closes a checked-in connection when the idle list is full', async () => {
    const { pool, server } = start();
    giveBack(await borrow(pool, 3));
    expect(pool.status()).toMatchObject({ idle: 2, inUse: 0 });
    expect(server.made.filter(({ isClosed }) => isClosed)).toHaveLength(1);
  });

  it('closes a broken connection and opens another for the waiting borrower', async () => {
    const { pool, server } = start({ size: 1, overflow: 0 });
    const [checkout] = await borrow(pool, 1);
    const waiting = pool.acquire();
    checkout?.release(true);
    const next = await waiting;
    expect(next.isFresh).toBe(true);
    expect(server.made.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    next.release();
  });

  it('closes a connection that died while in use', async () => {
    const { pool, server } = start();
    const [checkout] = await borrow(pool, 1);
    server.made[0]?.lost();
    checkout?.release();
    expect(pool.status()).toMatchObject({ idle: 0 });
  });

  it('refuses to use or release a connection after it was checked in', async () => {
    const { pool } = start();
    const [checkout] = await borrow(pool, 1);
    checkout?.release();
    expect(() => checkout?.connection).toThrow('was released');
    expect(() => checkout?.release()).toThrow('was released');
    expect(pool.status()).toMatchObject({ idle: 1 });
  });
});

describe('a server that refuses connections', () => {
  it('rejects every borrower with the error before the acquire timeout', async () => {
    const { pool, server } = start();
    server.refusal = new Error('refused');
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => pool.acquire()));
    expect(outcomes.every((one) => one.status === 'rejected' && one.reason === server.refusal)).toBe(true);
  });

  it('does not reject a borrower that was served meanwhile, and serves the next one when the server accepts again', async () => {
    const { pool, server } = start({ size: 1, overflow: 1 });
    const [checkout] = await borrow(pool, 1);
    server.isSlow = true;
    const [first, second] = [pool.acquire(), pool.acquire()];
    checkout?.release();
    const served = await first;
    server.refusal = new Error('refused');
    server.letIn();
    await waitFor(() => server.knocking === 1, { timeoutMs: 10_000 });
    server.refusal = undefined;
    server.letIn();
    giveBack([served, await second]);
  });
});

describe('pings', () => {
  it('does not ping a connection that was in use a moment ago', async () => {
    const { pool, server } = start();
    giveBack(await borrow(pool, 1));
    giveBack(await borrow(pool, 1));
    expect(server.made.map(({ pings }) => pings)).toEqual([0]);
  });

  it('replaces dead connections for borrowers that always ping', async () => {
    const { pool, server } = start();
    giveBack(await borrow(pool, 2));
    for (const fake of server.made) fake.isDead = true;
    const checkouts = await Promise.all([pool.acquire({ ping: 'always' }), pool.acquire({ ping: 'always' })]);
    expect(checkouts.map(({ connection }) => connection.isDead)).toEqual([false, false]);
    giveBack(checkouts);
  });

  it('runs a ping function on every connection, and rejects the borrower when it fails on a new one', async () => {
    const { pool } = start();
    const prepared: Fake[] = [];
    const ping = (fake: Fake): Promise<unknown> => Promise.resolve(prepared.push(fake));
    const checkout = await pool.acquire({ ping });
    expect(prepared).toEqual([checkout.connection]);
    checkout.release();
    await expect(
      Promise.all([1, 2].map(() => pool.acquire({ ping: () => Promise.reject(new Error('not well')) }))),
    ).rejects.toThrow('not well');
  });

  it('keeps a pinged connection when its borrower aborted meanwhile', async () => {
    const { pool } = start({ size: 1, overflow: 0 });
    const gone = new AbortController();
    let answer: () => void = () => undefined;
    const ping = (): Promise<void> => new Promise((resolve) => (answer = resolve));
    const borrower = pool.acquire({ signal: gone.signal, ping });
    await waitFor(() => pool.status().waiting === 1 && pool.status().opening === 0, { timeoutMs: 10_000 });
    gone.abort(new Error('gone'));
    await expect(borrower).rejects.toThrow('gone');
    answer();
    giveBack(await borrow(pool, 1));
  });
});

describe('a borrower that would wait too long', () => {
  const slow = async (pool: Pool<Fake>, ms: number): Promise<void> => {
    const [checkout] = await borrow(pool, 1);
    await new Promise((resolve) => setTimeout(resolve, ms));
    checkout?.release();
  };

  it('refuses a borrower at once when its deadline is before its turn, with a time to retry', async () => {
    const { pool } = start({ size: 1, overflow: 0 });
    await slow(pool, 60);
    const [checkout] = await borrow(pool, 1);
    const waiting = pool.acquire();
    const late = pool.acquire({ deadlineMs: Date.now() + 30 });
    await expect(late).rejects.toMatchObject({ code: 'POOL_OVERLOADED' });
    const failure = poolFailure(await late.catch((error: unknown) => error));
    expect(failure).toMatchObject({ code: 'unavailable', problem: 'OVERLOADED', retryAfterS: 1 });
    expect(pool.status()).toMatchObject({ waiting: 1, shed: 1 });
    checkout?.release();
    (await waiting).release();
  });

  it('refuses a borrower when the wait would take most of its remaining time', async () => {
    const { pool } = start({ size: 1, overflow: 0 });
    await slow(pool, 60);
    const [checkout] = await borrow(pool, 1);
    await expect(pool.acquire({ deadlineMs: Date.now() + 100 })).rejects.toMatchObject({ code: 'POOL_OVERLOADED' });
    checkout?.release();
  });

  it('uses the deadline of the request when the borrower gives none', async () => {
    const { pool } = start({ size: 1, overflow: 0 });
    await slow(pool, 60);
    const [checkout] = await borrow(pool, 1);
    const request = { requestId: 'request-1', traceparent: '', deadlineMs: Date.now() + 20 };
    await expect(withContext(request, () => pool.acquire())).rejects.toMatchObject({ code: 'POOL_OVERLOADED' });
    checkout?.release();
  });

  it('rejects a borrower at its deadline when the wait was not predictable', async () => {
    const { pool } = start({ size: 1, overflow: 0 });
    const [checkout] = await borrow(pool, 1);
    const late = pool.acquire({ deadlineMs: Date.now() + 20 });
    await expect(late).rejects.toMatchObject({ code: 'POOL_TIMEOUT' });
    expect(poolFailure(await late.catch((error: unknown) => error))).toMatchObject({ problem: 'POOL_TIMEOUT' });
    expect(pool.status()).toMatchObject({ waiting: 0, timeouts: 1 });
    checkout?.release();
  });

  it('refuses a borrower when the queue is full', async () => {
    const { pool } = start({ size: 1, overflow: 0, waitersMax: 10_000 });
    const [checkout] = await borrow(pool, 1);
    const waiting = Array.from({ length: 10_000 }, () => pool.acquire());
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'POOL_OVERLOADED' });
    checkout?.release();
    for (const one of waiting) (await one).release();
  });
});
