import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { barsChanged, type BarsChanged, type IngestBarsRequest, type IngestReport } from '@mystocks/contracts';
import type { Lsn } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import { BarBlocksService, type ReadBars } from './bar-blocks.service.js';
import { changesOf } from './bar-changes.js';
import { abortedReport, barReport, emptyReport } from './bar-report.js';
import { BarsIngestRepository, type StoredRows } from './bars-ingest.repository.js';
import { IngestTransactions, type Transaction } from './ingest-transactions.js';

/** Stores blocks of bars. A block is one transaction: everything that is good in it is stored, or nothing. */
@Injectable()
export class BarsIngestService {
  constructor(
    private readonly blocks: BarBlocksService,
    private readonly bars: BarsIngestRepository,
    private readonly transactions: IngestTransactions,
    private readonly bus: Bus,
  ) {}

  /** One block in its own transaction. */
  async ingest(request: IngestBarsRequest): Promise<IngestReport> {
    const stop = metrics.batchSeconds.startTimer({ kind: 'bars' });
    const report = await this.#ingest(await this.blocks.read(request));
    stop();
    for (const outcome of ['inserted', 'updated', 'unchanged', 'failed'] as const) {
      metrics.batchItems.cell('bars', outcome).count += report[outcome];
    }
    return report;
  }

  /** Stores what was read, as part of a transaction that may hold other blocks too. */
  store(transaction: Transaction, { block }: ReadBars): Promise<StoredRows> {
    return this.bars.store(transaction, block.daily, block.minute);
  }

  /** Tells the house what changed, once a symbol and frame. To be called after the commit. */
  tell({ block, symbols, receivedAtMs }: ReadBars, stored: StoredRows, lsn: Lsn): void {
    for (const [rows, changed] of [[block.daily, stored.daily] as const, [block.minute, stored.minute] as const]) {
      for (const change of changesOf(rows, [...changed.inserted, ...changed.updated])) {
        const symbol = symbols.get(change.instrument);
        if (symbol === undefined) continue;
        const { timeframe, from, to, bar } = change;
        const payload: BarsChanged = { symbol, timeframe, from, to, bar, received_at_ms: receivedAtMs, lsn };
        this.bus.publish(barsChanged, payload);
      }
    }
  }

  async #ingest(read: ReadBars): Promise<IngestReport> {
    const { request, block } = read;
    if (request.on_error === 'abort' && block.refused.length > 0) return abortedReport(read);
    if (block.daily.size + block.minute.size === 0) return emptyReport(read);
    const { value, lsn } = await this.transactions.run((transaction) => this.store(transaction, read));
    this.tell(read, value, lsn);
    return { ...barReport(read, value), lsn };
  }
}
