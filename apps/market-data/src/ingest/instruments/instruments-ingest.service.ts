import { Injectable } from '@nestjs/common';
import {
  BLOCK_LINES_MAX,
  exchanges,
  Failure,
  type IngestReport,
  type IngestRequest,
  type SupersededLine,
} from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { claimOfBlock } from '../../lines/block-claims.js';
import { IdempotencyService, type StoredWork } from '../../idempotency/idempotency.service.js';
import { InstrumentDirectory } from '../../instruments/instrument-directory.js';
import { instrumentEvents } from '../../instruments/instrument-events.js';
import { LoadOrderService } from '../../load-order/load-order.service.js';
import type { Transaction } from '../../transactions/ingest-transactions.js';
import { readInstruments, type InstrumentBlock } from './instrument-lines.js';
import { InstrumentsIngestRepository, type ListedInstrument } from './instruments-ingest.repository.js';
import { checkedReport, refusedOf, remarksOfList, storedReport, untouchedReport } from '../../lines/lines-report.js';
import { renameWarning } from './rename-warning.js';

interface GivenList {
  readonly request: IngestRequest;
  readonly block: InstrumentBlock;
  /** Lines of earlier blocks that lines of this one replace. */
  readonly earlier: readonly SupersededLine[];
}

/** Code and exchange as one number. */
const keyOf = ({ code, exchange }: ListedInstrument): number =>
  Number(code) * exchanges.length + exchanges.indexOf(exchange);

/** Stores blocks of an instruments list. Instruments it does not name are left alone. */
@Injectable()
export class InstrumentsIngestService {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly repository: InstrumentsIngestRepository,
    private readonly once: IdempotencyService,
    private readonly loads: LoadOrderService,
  ) {}

  /**
   * Stores one block in its own transaction. `owner` is the owner of its idempotency key, if it has one; this service owns
   * some keys itself.
   */
  async ingest(request: IngestRequest, owner = 'market-data'): Promise<IngestReport> {
    const receivedAtMs = systemClock.now();
    const block = readInstruments(request, await this.directory.renewed());
    if (block.lines.length > BLOCK_LINES_MAX)
      throw new Failure('too_large', `A block holds at most ${BLOCK_LINES_MAX} lines`);
    const claim = claimOfBlock('instruments', request, owner);
    const earlier = await this.replaced(request, block, owner);
    const report = await this.once.run({ kind: 'instruments', claim, receivedAtMs }, (transaction) =>
      this.#store(transaction, { request, block, earlier }),
    );
    // The events are published already, and a failed refresh of the local copy is ignored.
    if (report.inserted + report.updated > 0) await this.directory.refresh();
    return report;
  }

  /** Lines of earlier blocks of the list that lines of this one replace. */
  async replaced(
    { load, first_line: firstLine }: IngestRequest,
    { lines }: InstrumentBlock,
    owner = 'market-data',
  ): Promise<readonly SupersededLine[]> {
    if (load === undefined) return [];
    const last = new Map<number, number>();
    for (const { instrument, line } of lines) if (instrument !== undefined) last.set(keyOf(instrument), line);
    return this.loads.claimList({ load: `${owner} ${load}`, firstLine }, last);
  }

  /** Reports what {@link ingest} would reject and rename, without storing anything. */
  async check(request: IngestRequest): Promise<IngestReport> {
    const startedMs = systemClock.now();
    const known = await this.directory.renewed();
    const block = readInstruments(request, known);
    const renamed = block.lines.flatMap(({ instrument: listed }) => {
      const before = listed === undefined ? null : (known.get(listed.symbol)?.name ?? null);
      return listed === undefined || before === null || (listed.name ?? before) === before ? [] : [listed.symbol];
    });
    return { ...checkedReport(block), ...renameWarning(block, { renamed }), took_ms: systemClock.now() - startedMs };
  }

  async #store(transaction: Transaction, { request, block, earlier }: GivenList): Promise<StoredWork> {
    // Keeps the last of several lines for the same symbol.
    const listed = new Map<string, ListedInstrument>();
    for (const { instrument } of block.lines) if (instrument !== undefined) listed.set(instrument.symbol, instrument);
    if (listed.size === 0 || (request.on_error === 'abort' && refusedOf(block).length > 0)) {
      return { report: untouchedReport(request, block), events: [] };
    }
    const changed = await this.repository.merge(transaction, [...listed.values()]);
    const events = instrumentEvents(changed.inserted.length + changed.updated.length, changed.rekinded);
    const remarks = { ...remarksOfList(block.lines, earlier), ...renameWarning(block, changed) };
    return { report: { ...storedReport(request, block, changed), ...remarks }, events };
  }
}
