import { expect, it } from '@jest/globals';
import { barsChanged, instrumentsChanged } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { FakeBus } from '@mystocks/testing';
import type { IngestTransactions } from '../transactions/ingest-transactions.js';
import type { IdempotencyRepository } from './idempotency.repository.js';
import { IdempotencyService, type StoredWork } from './idempotency.service.js';
import { pendingEvent } from './pending-events.js';

const nothing = { inserted: 1, updated: 0, unchanged: 0, failed: 0 };
const report = { total: 1, ...nothing, items: [], ignored_columns: [], registered: [] };
/** Writes that are committed at once; no keys. */
const transactions = {
  run: async (work: (transaction: never) => Promise<unknown>) => ({
    value: await work(undefined as never),
    lsn: '0/1',
  }),
} as unknown as IngestTransactions;

function opened(): { fake: FakeBus; write: (events: StoredWork['events']) => Promise<unknown> } {
  const fake = new FakeBus();
  const once = new IdempotencyService(transactions, {} as IdempotencyRepository, fake.bus, systemClock);
  const write = (events: StoredWork['events']): Promise<unknown> =>
    once.run({ kind: 'bars', claim: undefined, receivedAtMs: 0 }, () => Promise.resolve({ report, events }));
  return { fake, write };
}

const instruments = pendingEvent(instrumentsChanged, { count: 1 });
const bar = { t: '2024-06-14', o: 1, h: 1, l: 1, c: 1, v: 1 };
const day = { timeframe: '1Day' as const, from: '2024-06-14', to: '2024-06-14', bar, received_at_ms: 0 };
const bars = pendingEvent(barsChanged, { symbol: '600519.SH', ...day });

it('tells what was written without the bus when the bus is back', async () => {
  const { fake, write } = opened();
  fake.setConnected(false);
  await write([bars]);
  expect(fake.published).toHaveLength(0);
  fake.setConnected(true);
  expect(fake.published.map(({ subject }) => subject)).toEqual(['evt.market-data.bars.changed.v1.SH.600519']);
});

it('lets listeners find out about what was more than can be told later', async () => {
  const { fake, write } = opened();
  let gaps = 0;
  fake.subscribe(instrumentsChanged, () => undefined, { onGap: () => (gaps += 1) });
  await write([instruments]);
  await new Promise(setImmediate);
  fake.setConnected(false);
  await write(Array.from({ length: 20_000 }, () => bars));
  const before = gaps;
  await write([instruments]);
  fake.setConnected(true);
  await write([instruments]);
  await new Promise(setImmediate);
  expect(gaps).toBe(before + 1);
});
