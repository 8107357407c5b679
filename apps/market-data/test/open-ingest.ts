import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { PostgresPool } from '@mystocks/connection-pool';
import type { BarsChanged, IngestBarsRequest, IngestReport } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { FakeBus, recordedCases, recordedData } from '@mystocks/testing';
import { FactorsIngestService } from '../src/factors/factors-ingest.service.js';
import { FactorsRepository } from '../src/factors/factors.repository.js';
import { IdempotencyRepository } from '../src/idempotency/idempotency.repository.js';
import { IdempotencyService } from '../src/idempotency/idempotency.service.js';
import { BarBlocksService } from '../src/ingest/bar-blocks.service.js';
import { BarsIngestService } from '../src/ingest/bars-ingest.service.js';
import { IngestTransactions } from '../src/transactions/ingest-transactions.js';
import { InstrumentsIngestRepository } from '../src/ingest/instruments/instruments-ingest.repository.js';
import { InstrumentsIngestService } from '../src/ingest/instruments/instruments-ingest.service.js';
import { LoadEndService } from '../src/ingest/load-end.service.js';
import { InstrumentDirectory } from '../src/instruments/instrument-directory.js';
import { InstrumentsRepository } from '../src/instruments/instruments.repository.js';
import { InstrumentsService } from '../src/instruments/instruments.service.js';
import { InstrumentRemovalService } from '../src/removal/instrument-removal.service.js';
import { LoadBlocksRepository } from '../src/load-order/load-blocks.repository.js';
import { LoadOrderService } from '../src/load-order/load-order.service.js';
import { WithheldLinesRepository } from '../src/load-order/withheld-lines.repository.js';
import { WithheldLinesService } from '../src/load-order/withheld-lines.service.js';
import { onPostgres, openDatabase, type TimeseriesStore } from './timeseries-stores.js';

export const hasData = existsSync(recordedData);

export function fileOf(name: string): { header: string; lines: string[] } {
  const bytes = readFileSync(new URL(name, recordedData));
  const [header = '', ...lines] = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().trimEnd().split('\n');
  return { header, lines };
}

export const CASES = recordedCases;
export const hasCases = existsSync(CASES);

/** Header and body of a CSV file of the recorded cases. */
export function caseLines(name: string): [header: string, body: string] {
  const [header = '', ...lines] = readFileSync(new URL(name, CASES)).toString().trimEnd().split('\n');
  return [header, lines.join('\n')];
}

export const request = (header: string, body: string, more: Partial<IngestBarsRequest> = {}): IngestBarsRequest => ({
  body: Buffer.from(body),
  format: 'csv',
  header,
  first_line: 2,
  on_error: 'continue',
  want_items: false,
  register: true,
  ...more,
});

/** The ingest room over a migrated database, with bars and quotes in a store of this kind. */
export async function openIngest(kind: TimeseriesStore = onPostgres) {
  const database = await openDatabase();
  const limits = { size: 4, overflow: 4, statementTimeoutMs: 5_000 };
  const pool = new PostgresPool({ name: 'spec', url: database.url, ...limits });
  const bus = new FakeBus();
  const directory = new InstrumentDirectory(new InstrumentsRepository(pool), bus.bus);
  const store = await kind.open(pool, directory);
  const registry = new InstrumentsIngestRepository();
  const transactions = new IngestTransactions(pool);
  const keys = new IdempotencyRepository(pool);
  const onceOver = (over: FakeBus): IdempotencyService =>
    new IdempotencyService(transactions, keys, over.bus, systemClock);
  const once = onceOver(bus);
  const blocks = new BarBlocksService(directory, registry, transactions, bus.bus);
  const loads = new LoadOrderService(new LoadBlocksRepository(pool));
  const givenFactors = new FactorsRepository(pool);
  const lines = new WithheldLinesRepository(pool);
  const withheld = new WithheldLinesService(store.barsIngest, transactions, lines, loads);
  const bars = new BarsIngestService(blocks, store.barsIngest, once, loads, withheld, givenFactors);
  return {
    bus,
    pool,
    transactions,
    keys,
    once,
    /** Another writer, which has a bus of its own. */
    onceOver,
    blocks,
    loads,
    store,
    directory,
    bars,
    givenFactors,
    withheld,
    ends: new LoadEndService(blocks, store.barsIngest, once, directory, withheld),
    lists: new InstrumentsIngestService(directory, registry, once, loads),
    factors: new FactorsIngestService(directory, givenFactors, once, loads),
    instruments: new InstrumentsService(directory, new InstrumentsRepository(pool)),
    removal: new InstrumentRemovalService(new InstrumentsRepository(pool), store.barsIngest, store.quotes, once),
    rows: async (text: string): Promise<Record<string, unknown>[]> =>
      (await pool.query<Record<string, unknown>>({ text })).rows,
    changes: (): BarsChanged[] =>
      bus.published
        .filter(({ subject }) => subject.includes('bars.changed'))
        .map(({ payload }) => payload as BarsChanged),
    /** As the importer does it: blocks of whole lines, two at once. */
    load: (name: string, more: Partial<IngestBarsRequest> = {}) => load(bars, name, more),
    empty: async (): Promise<void> => {
      await store.empty();
      await pool.write((client) => client.query('DELETE FROM market_data.contradicted_bars'));
      bus.published.length = 0;
    },
    stop: async (): Promise<void> => {
      await store.stop();
      await pool.close();
      database.close();
    },
  };
}

export type Ingest = Awaited<ReturnType<typeof openIngest>>;

async function load(
  bars: BarsIngestService,
  name: string,
  more: Partial<IngestBarsRequest>,
): Promise<Partial<IngestReport>> {
  const { header, lines } = fileOf(name);
  const sum = { total: 0, inserted: 0, updated: 0, unchanged: 0, failed: 0, items: [] as IngestReport['items'] };
  const starts = Array.from({ length: Math.ceil(lines.length / 5_000) }, (_, block) => block * 5_000).values();
  const work = async (): Promise<void> => {
    for (const start of starts) {
      const body = lines.slice(start, start + 5_000).join('\n');
      const report = await bars.ingest(request(header, body, { first_line: start + 2, ...more }));
      for (const count of ['total', 'inserted', 'updated', 'unchanged', 'failed'] as const) sum[count] += report[count];
      sum.items.push(...report.items);
    }
  };
  await Promise.all([work(), work()]);
  return sum;
}
