import { Injectable } from '@nestjs/common';
import { Failure, type RemovedInstrument } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { BarsIngestRepository } from '../ingest/rows/bars-ingest.repository.js';
import type { Transaction } from '../transactions/ingest-transactions.js';
import { QuotesRepository } from '../quotes/stored/quotes.repository.js';
import { instrumentEvents } from '../instruments/instrument-events.js';
import { InstrumentsRepository } from '../instruments/instruments.repository.js';
import { parseAlias } from '../instruments/symbols.js';

const report = { total: 1, inserted: 0, updated: 1, unchanged: 0, failed: 0 } as const;

/** Removes instruments of which nothing is stored: what a typing error left behind. */
@Injectable()
export class InstrumentRemovalService {
  constructor(
    private readonly instruments: InstrumentsRepository,
    private readonly bars: BarsIngestRepository,
    private readonly quotes: QuotesRepository,
    private readonly once: IdempotencyService,
  ) {}

  /** @throws {Failure} `invalid` for a bare code, `not_found`, `conflict` when bars or quotes are stored */
  async remove(alias: string): Promise<RemovedInstrument> {
    const parsed = parseAlias(alias);
    if (parsed === undefined || !('symbol' in parsed)) {
      const message = 'An instrument to remove must be named with its exchange, e.g. 600519.SH';
      throw new Failure('invalid', message, { problem: 'SYMBOL_INVALID_FORMAT' });
    }
    const { symbol } = parsed;
    const batch = { kind: 'instruments', claim: undefined, receivedAtMs: systemClock.now() } as const;
    const { lsn = '' } = await this.once.run(batch, async (transaction) => {
      await this.#remove(transaction, symbol);
      const events = instrumentEvents(1, [symbol]);
      return { report: { ...report, items: [], ignored_columns: [], registered: [] }, events };
    });
    return { symbol, lsn };
  }

  async #remove(transaction: Transaction, symbol: string): Promise<void> {
    // The lock waits for transactions that are storing the first rows; those that come later find it gone.
    const found = await this.instruments.lock(transaction.client, symbol);
    if (found === undefined) {
      throw new Failure('not_found', `There is no instrument ${symbol}`, { problem: 'MARKET_DATA_NOT_FOUND' });
    }
    const isUsed =
      found.in_use || (await this.bars.holds(transaction, found)) || (await this.quotes.holds(transaction, found));
    if (isUsed) {
      const message = `Bars or quotes of ${symbol} are stored; set its status to delisted with an instrument list instead`;
      throw new Failure('conflict', message);
    }
    await this.instruments.remove(transaction.client, found.id);
  }
}
