import { expect, it } from '@jest/globals';
import { instrumentsChanged } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { FakeBus } from '@mystocks/testing';
import type { InstrumentDirectory } from '../../instruments/instrument-directory.js';
import type { IdempotencyRepository } from '../../idempotency/idempotency.repository.js';
import { IdempotencyService } from '../../idempotency/idempotency.service.js';
import type { IngestTransactions } from '../../transactions/ingest-transactions.js';
import type { InstrumentsIngestRepository } from './instruments-ingest.repository.js';
import type { LoadBlocksRepository } from '../../load-order/load-blocks.repository.js';
import { LoadOrderService } from '../../load-order/load-order.service.js';
import { InstrumentsIngestService } from './instruments-ingest.service.js';

it('tells of instruments that are stored even when they cannot be read back', async () => {
  const fake = new FakeBus();
  const directory = {
    renewed: () => Promise.resolve(new Map()),
    refresh: () => Promise.reject(new Error('the database went away')),
  };
  const repository = {
    merge: () => Promise.resolve({ inserted: ['600519.SH'], updated: [], rekinded: [], renamed: [] }),
  };
  const transactions = {
    run: async <T>(work: (transaction: object) => Promise<T>) => ({ value: await work({}), lsn: '0/1' }),
  };
  const service = new InstrumentsIngestService(
    directory as unknown as InstrumentDirectory,
    repository as unknown as InstrumentsIngestRepository,
    new IdempotencyService(
      transactions as unknown as IngestTransactions,
      {} as IdempotencyRepository,
      fake.bus,
      systemClock,
    ),
    new LoadOrderService({} as LoadBlocksRepository),
  );
  const body = Buffer.from('600519.SH,Moutai\n');
  const block = { body, format: 'csv', header: 'symbol,name', first_line: 2, on_error: 'continue' } as const;
  await service.ingest({ ...block, want_items: false }).catch(() => undefined);
  expect(fake.published).toEqual([{ subject: instrumentsChanged.subject, payload: { count: 1, lsn: '0/1' } }]);
});
