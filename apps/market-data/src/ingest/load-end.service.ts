import { Injectable } from '@nestjs/common';
import type { EndLoadRequest, IngestReport } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { claimOfEnd } from '../lines/block-claims.js';
import { IdempotencyService, type StoredWork } from '../idempotency/idempotency.service.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import type { WithheldLine } from '../load-order/withheld-rows.js';
import { WithheldLinesService } from '../load-order/withheld-lines.service.js';
import { BarBlocksService } from './bar-blocks.service.js';
import { changesIn, countsOf, eventsOfChanges, type ChangedBars } from './bar-changes.js';
import { BarsIngestRepository, fillIn } from './rows/bars-ingest.repository.js';
import { loadName } from './bars-ingest.service.js';
import type { Transaction } from '../transactions/ingest-transactions.js';

/** Stores the lines that were withheld until the end of their load. */
@Injectable()
export class LoadEndService {
  constructor(
    private readonly blocks: BarBlocksService,
    private readonly bars: BarsIngestRepository,
    private readonly once: IdempotencyService,
    private readonly directory: InstrumentDirectory,
    private readonly withheld: WithheldLinesService,
  ) {}

  /** Ends a load in a transaction of its own. Its key, if it has one, is that of the blocks. */
  async end({ load, idempotency_key: key, broken_off = false }: EndLoadRequest, owner: string): Promise<IngestReport> {
    const name = loadName(owner, load);
    const batch = { kind: 'bars', claim: claimOfEnd(load, key, owner), receivedAtMs: systemClock.now() } as const;
    return this.once.run(batch, async (transaction) => {
      const lines = await this.withheld.take(transaction, name, broken_off);
      return this.#outcome(await this.store(transaction, name, lines), batch.receivedAtMs);
    });
  }

  /** Stores withheld lines in a transaction that may contain their blocks too, and returns the changed rows. */
  async store(transaction: Transaction, name: string, lines: readonly WithheldLine[]): Promise<ChangedBars[]> {
    const { rows, filling, contradicted } = await this.withheld.rest(transaction, name, lines);
    const changed: ChangedBars[] = [{ rows, stored: await this.bars.store(transaction, rows.daily, rows.minute) }];
    const filled = await fillIn(this.bars, transaction, filling);
    if (filled !== undefined) changed.push(filled);
    for (const stored of [rows, filling]) await this.blocks.holdInstruments(transaction, stored);
    await this.withheld.remember(transaction, contradicted);
    return changed;
  }

  async #outcome(changed: readonly ChangedBars[], receivedAtMs: number): Promise<StoredWork> {
    const { inserted, updated } = countsOf(changed);
    const counts = { total: inserted + updated, inserted, updated, unchanged: 0, failed: 0 };
    const events = eventsOfChanges(changed.flatMap(changesIn), await this.directory.symbols(), receivedAtMs);
    return { report: { ...counts, items: [], ignored_columns: [], registered: [] }, events };
  }
}
