import { describe, expect, it } from '@jest/globals';
import type { PostgresPool, WritingClient } from '@mystocks/connection-pool';
import { withContext } from '@mystocks/telemetry';
import { IngestTransactions } from './ingest-transactions.js';

const collision = (code: string): Error => Object.assign(new Error('from PostgreSQL'), { code });
const client = {} as WritingClient;

/** A pool whose transactions run, one after the other, into the given errors. */
function poolWith(...errors: (Error | undefined)[]) {
  const limits: number[] = [];
  const write: PostgresPool['write'] = async (work, { statementTimeoutMs = 0 } = {}) => {
    limits.push(statementTimeoutMs);
    const value = await work(client);
    const error = errors.shift();
    if (error !== undefined) throw error;
    return { value, lsn: '0/1' };
  };
  return { limits, transactions: new IngestTransactions({ write } as PostgresPool) };
}

describe('a transaction of an ingest', () => {
  it.each(['23505', '40P01'])('runs again after %s, and then no longer straight', async (code) => {
    const { transactions } = poolWith(collision(code));
    const straight: boolean[] = [];
    const written = await transactions.run((transaction) => Promise.resolve(straight.push(transaction.straight)));
    expect([written, straight]).toEqual([{ value: 2, lsn: '0/1' }, [true, false]]);
  });

  it('a transaction of an ingest that collides every time ends as unavailable after three tries, to be sent again', async () => {
    const { transactions } = poolWith(collision('40P01'), collision('40P01'), collision('40P01'));
    let tries = 0;
    const run = transactions.run(() => Promise.resolve((tries += 1)));
    await expect(run).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 1 });
    expect(tries).toBe(3);
  });

  it('passes every other failure on at once', async () => {
    const { transactions } = poolWith(collision('23514'));
    await expect(transactions.run(() => Promise.resolve())).rejects.toMatchObject({ code: '23514' });
  });

  it('gives its statements what the deadline of the call leaves, and does not begin after it', async () => {
    const { limits, transactions } = poolWith();
    const context = { requestId: 'r-12345678', traceparent: '' };
    await transactions.run(() => Promise.resolve());
    await withContext({ ...context, deadlineMs: Date.now() + 5_000 }, () => transactions.run(() => Promise.resolve()));
    expect(limits[0]).toBe(25_000);
    expect(limits[1]).toBeLessThanOrEqual(5_000);
    const late = withContext({ ...context, deadlineMs: Date.now() - 1 }, () =>
      transactions.run(() => Promise.resolve()),
    );
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
    expect(limits).toHaveLength(2);
  });
});
