// How fast real bars are taken in, against what PostgreSQL itself can do with the same bytes.
// Not shown: HTTP and NATS around it (measured end to end by the system tests), and a replica that has to follow.
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { PostgresPool, runMigrations } from '@mystocks/connection-pool';
import { startPostgres } from '@mystocks/testing';
import type { BarsIngestService } from '../apps/market-data/src/ingest/bars-ingest.service.ts';
import { bareCopy, barsFile, emptyTables, median, openPeer, seconds } from './bare-copy.ts';
import type { BenchRow } from './bench-row.ts';

const BLOCK_BYTES = 512 * 1024;
const BLOCKS_AT_ONCE = 3;
const ROUNDS = 5;

/** The app's own classes, compiled: apps are not importable packages. */
async function openService(pool: PostgresPool): Promise<BarsIngestService> {
  const app = new URL('../apps/market-data/dist/', import.meta.url);
  const [
    directory,
    instruments,
    service,
    blocks,
    bars,
    registered,
    transactions,
    once,
    keys,
    loads,
    claims,
    waiting,
    waits,
    factors,
  ] = (await Promise.all([
    import(new URL('instruments/instrument-directory.js', app).href),
    import(new URL('instruments/instruments.repository.js', app).href),
    import(new URL('ingest/bars-ingest.service.js', app).href),
    import(new URL('ingest/bar-blocks.service.js', app).href),
    import(new URL('ingest/postgres/postgres-bars-ingest.repository.js', app).href),
    import(new URL('ingest/instruments/instruments-ingest.repository.js', app).href),
    import(new URL('transactions/ingest-transactions.js', app).href),
    import(new URL('idempotency/idempotency.service.js', app).href),
    import(new URL('idempotency/idempotency.repository.js', app).href),
    import(new URL('load-order/load-order.service.js', app).href),
    import(new URL('load-order/load-blocks.repository.js', app).href),
    import(new URL('load-order/withheld-lines.service.js', app).href),
    import(new URL('load-order/withheld-lines.repository.js', app).href),
    import(new URL('factors/factors.repository.js', app).href),
  ])) as [
    typeof import('../apps/market-data/src/instruments/instrument-directory.ts'),
    typeof import('../apps/market-data/src/instruments/instruments.repository.ts'),
    typeof import('../apps/market-data/src/ingest/bars-ingest.service.ts'),
    typeof import('../apps/market-data/src/ingest/bar-blocks.service.ts'),
    typeof import('../apps/market-data/src/ingest/postgres/postgres-bars-ingest.repository.ts'),
    typeof import('../apps/market-data/src/ingest/instruments/instruments-ingest.repository.ts'),
    typeof import('../apps/market-data/src/transactions/ingest-transactions.ts'),
    typeof import('../apps/market-data/src/idempotency/idempotency.service.ts'),
    typeof import('../apps/market-data/src/idempotency/idempotency.repository.ts'),
    typeof import('../apps/market-data/src/load-order/load-order.service.ts'),
    typeof import('../apps/market-data/src/load-order/load-blocks.repository.ts'),
    typeof import('../apps/market-data/src/load-order/withheld-lines.service.ts'),
    typeof import('../apps/market-data/src/load-order/withheld-lines.repository.ts'),
    typeof import('../apps/market-data/src/factors/factors.repository.ts'),
  ];
  // There is no subscriber in a bench; the bus is measured by its own.
  const bus = {
    connected: true,
    publish: () => undefined,
    subscribe: () => ({ stop: () => undefined }),
    onConnectionChange: () => undefined,
  } as never;
  const inTransaction = new transactions.IngestTransactions(pool);
  const known = new directory.InstrumentDirectory(new instruments.InstrumentsRepository(pool), bus);
  const reading = new blocks.BarBlocksService(known, new registered.InstrumentsIngestRepository(), inTransaction, bus);
  const running = new once.IdempotencyService(inTransaction, new keys.IdempotencyRepository(pool), bus, {
    now: Date.now,
  });
  const order = new loads.LoadOrderService(new claims.LoadBlocksRepository(pool));
  const store = new bars.PostgresBarsIngestRepository();
  const lines = new waits.WithheldLinesRepository(pool);
  const withheld = new waiting.WithheldLinesService(store, inTransaction, lines, order);
  return new service.BarsIngestService(reading, store, running, order, withheld, new factors.FactorsRepository(pool));
}

interface Block {
  readonly body: Buffer;
  readonly firstLine: number;
}

function blocksOf(file: Buffer): { header: string; blocks: Block[] } {
  const start = file.indexOf(10) + 1;
  const blocks: Block[] = [];
  let line = 2;
  for (let at = start; at < file.length;) {
    const end = at + BLOCK_BYTES < file.length ? file.lastIndexOf(10, at + BLOCK_BYTES) + 1 : file.length;
    const body = file.subarray(at, end);
    blocks.push({ body, firstLine: line });
    line += body.toString('latin1').split('\n').length - 1;
    at = end;
  }
  return { header: file.toString('utf8', 0, start).trim(), blocks };
}

async function importAll(service: BarsIngestService, header: string, blocks: readonly Block[]): Promise<number> {
  const queue = blocks.values();
  const load = randomUUID();
  let inserted = 0;
  const work = async (): Promise<void> => {
    for (const { body, firstLine } of queue) {
      const report = await service.ingest({
        body,
        format: 'csv',
        header,
        first_line: firstLine,
        on_error: 'continue',
        want_items: false,
        register: true,
        load,
      });
      inserted += report.inserted;
    }
  };
  await Promise.all(Array.from({ length: BLOCKS_AT_ONCE }, work));
  return inserted;
}

export async function bench(): Promise<BenchRow[]> {
  if (!existsSync(barsFile)) {
    console.log(`import: skipped, ${barsFile} is not here\n`);
    return [];
  }
  const file = gunzipSync(readFileSync(barsFile));
  const { header, blocks } = blocksOf(file);
  const rows = file.toString('latin1').split('\n').length - 2;
  const server = await startPostgres({ durable: true });
  const peer = await openPeer(server.superuserUrl);
  const pool = new PostgresPool({
    name: 'bench',
    url: server.urlOf('market_data'),
    size: 4,
    overflow: 4,
    statementTimeoutMs: 2_000,
  });
  try {
    const { migrations } = (await import(
      new URL('../apps/market-data/dist/migrations/index.js', import.meta.url).href
    )) as typeof import('../apps/market-data/src/migrations/index.ts');
    await runMigrations({ url: server.ownerUrl, schema: 'market_data', migrations });
    const service = await openService(pool);
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round <= ROUNDS; round += 1) {
      await emptyTables(peer);
      const bare = await seconds(() => bareCopy(peer, file), rows);
      const whole = await seconds(() => importAll(service, header, blocks), rows);
      // The first round registers the instruments and warms both sides.
      if (round > 0) {
        theirs.push(bare);
        ours.push(whole);
      }
    }
    const [own, bare] = [rows / median(ours), rows / median(theirs)];
    return [
      {
        name: 'Import of 174,525 real daily bars: parsed, checked, stored under their key, committed',
        peer: 'one bare COPY of the same file into a table without key or check',
        ours: own,
        theirs: bare,
        ratio: own / bare,
        unit: 'rows/s',
        target: 0.3,
        note: `blocks of ${BLOCK_BYTES / 1024} KiB, ${BLOCKS_AT_ONCE} at once, median of ${ROUNDS} rounds; without HTTP and NATS`,
      },
    ];
  } finally {
    await peer.close();
    await pool.close();
    await server.stop();
  }
}
