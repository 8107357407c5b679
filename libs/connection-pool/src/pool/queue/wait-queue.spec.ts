import { afterEach, expect, it, jest } from '@jest/globals';

import { Borrower } from '../checkouts/borrower.js';
import { Line } from './wait-queue.js';

afterEach(() => {
  jest.useRealTimers();
});

it('a borrower that gets no connection fails with POOL_TIMEOUT at the acquire time, neither earlier nor later', () => {
  jest.useFakeTimers();
  const line = new Line<string>({ name: 'unit', acquireTimeoutMs: 2_000 }, { count: 0 }, () => undefined);
  const who = { borrower: new Borrower(it), options: {}, askedAt: performance.now() };
  const failures: unknown[] = [];
  line.join(who, Infinity, { resolve: () => undefined, reject: (error) => failures.push(error) });
  jest.advanceTimersByTime(1_999);
  expect(failures).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(failures).toMatchObject([{ code: 'POOL_TIMEOUT' }]);
  line.stop();
});

it('a borrower for whom a connection is being tried does not care that another could not be opened', async () => {
  const line = new Line<string>({ name: 'unit', acquireTimeoutMs: 1_000 }, { count: 0 }, () => undefined);
  const who = { borrower: new Borrower(it), options: {}, askedAt: performance.now() };
  const failures: unknown[] = [];
  line.join(who, 1_000, { resolve: () => undefined, reject: (error) => failures.push(error) });
  const waiting = line.next();
  if (waiting === undefined) throw new Error('nobody waits');
  const tried = line.during(waiting, Promise.resolve());
  line.fail(waiting, new Error('refused'));
  expect(await tried).toEqual({ isWanted: true, failure: undefined });
  expect(failures).toEqual([]);
  line.stop();
});
