import { afterEach, expect, it, jest } from '@jest/globals';
import { Borrower } from '../checkouts/borrower.js';
import { WaitQueue } from './wait-queue.js';

afterEach(() => {
  jest.useRealTimers();
});

it('rejects a borrower that gets no connection with POOL_TIMEOUT at the acquire timeout, neither earlier nor later', () => {
  jest.useFakeTimers();
  const queue = new WaitQueue<string>({ name: 'unit', acquireTimeoutMs: 2_000 }, { count: 0 }, () => undefined);
  const request = { borrower: new Borrower(it), options: {}, requestedAt: performance.now() };
  const failures: unknown[] = [];
  queue.join(request, Infinity, { resolve: () => undefined, reject: (error) => failures.push(error) });
  jest.advanceTimersByTime(1_999);
  expect(failures).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(failures).toMatchObject([{ code: 'POOL_TIMEOUT' }]);
  queue.stop();
});

it('does not reject a borrower because a connection could not be opened while another is being pinged for it', async () => {
  const queue = new WaitQueue<string>({ name: 'unit', acquireTimeoutMs: 1_000 }, { count: 0 }, () => undefined);
  const request = { borrower: new Borrower(it), options: {}, requestedAt: performance.now() };
  const failures: unknown[] = [];
  queue.join(request, 1_000, { resolve: () => undefined, reject: (error) => failures.push(error) });
  const waiting = queue.next();
  if (waiting === undefined) throw new Error('the queue is empty');
  const pinged = queue.whilePinging(waiting, Promise.resolve());
  queue.fail(waiting, new Error('refused'));
  expect(await pinged).toEqual({ isWanted: true, failure: undefined });
  expect(failures).toEqual([]);
  queue.stop();
});
