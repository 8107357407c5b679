import { Injectable } from '@nestjs/common';
import type { IngestBarsRequest, IngestReport } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { claimOfBlock } from '../idempotency/claim.js';
import { IngestOnceService, type Outcome } from '../idempotency/ingest-once.service.js';
import type { News } from '../idempotency/news.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { BarBlocksService, type ReadBars } from './bar-blocks.service.js';
import { changesOf, newsOfChange } from './bar-changes.js';
import { abortedReport, barReport, checkedReport, emptyReport } from './bar-report.js';
import { instrumentsOf } from './bar-rows.js';
import { BarsIngestRepository, type StoredRows } from './bars-ingest.repository.js';
import type { Transaction } from './ingest-transactions.js';

/** Stores blocks of bars. A block is one transaction: everything that is good in it is stored, or nothing. */
@Injectable()
export class BarsIngestService {
  constructor(
    private readonly blocks: BarBlocksService,
    private readonly bars: BarsIngestRepository,
    private readonly once: IngestOnceService,
    private readonly directory: InstrumentDirectory,
  ) {}

  /** One block in its own transaction. Its key, if it has one, is `owner`'s; this service has keys of its own too. */
  async ingest(request: IngestBarsRequest, owner = 'market-data'): Promise<IngestReport> {
    const claim = claimOfBlock('bars', request, owner);
    // Instruments are registered before the block is stored.
    if (claim !== undefined && request.register) await this.once.refuseAnother(claim);
    const read = await this.blocks.read(request);
    const batch = { kind: 'bars', claim, receivedAtMs: read.receivedAtMs } as const;
    const report = await this.once.run(batch, (transaction) => this.#store(transaction, read));
    // Not after a failure: a write of the rows may be under way.
    for (const rows of [read.block.daily, read.block.minute]) rows.release();
    return report;
  }

  /** What {@link ingest} would refuse and remark. Nothing is stored. */
  async check(request: IngestBarsRequest): Promise<IngestReport> {
    const startedMs = systemClock.now();
    const checked = await this.blocks.check(request);
    return { ...checkedReport(checked), took_ms: systemClock.now() - startedMs };
  }

  /** Stores what was read as part of a transaction that may hold other blocks too. */
  async store(transaction: Transaction, { block }: ReadBars): Promise<StoredRows> {
    const stored = await this.bars.store(transaction, block.daily, block.minute);
    await this.directory.hold(transaction.client, instrumentsOf(block.daily, block.minute));
    return stored;
  }

  async #store(transaction: Transaction, read: ReadBars): Promise<Outcome> {
    const { request, block } = read;
    if (request.on_error === 'abort' && block.refused.length > 0) return { report: abortedReport(read), news: [] };
    if (block.daily.size + block.minute.size === 0) return { report: emptyReport(read), news: [] };
    const stored = await this.store(transaction, read);
    return { report: barReport(read, stored), news: barNews(read, stored) };
  }
}

/** What changed, once a symbol and frame. */
function barNews({ block, symbols, receivedAtMs }: ReadBars, stored: StoredRows): News[] {
  const changes = [
    ...changesOf(block.daily, [...stored.daily.inserted, ...stored.daily.updated]),
    ...changesOf(block.minute, [...stored.minute.inserted, ...stored.minute.updated]),
  ];
  return changes.flatMap((change) => {
    const symbol = symbols.get(change.instrument);
    return symbol === undefined ? [] : [newsOfChange(symbol, change, receivedAtMs)];
  });
}
