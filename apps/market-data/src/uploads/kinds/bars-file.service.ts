import { Injectable } from '@nestjs/common';
import { Failure, type IngestReport } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import type { PendingEvent } from '../../idempotency/pending-events.js';
import { changesIn, countsOf, mergedChange, eventsOfChanges, type BarChange } from '../../ingest/bar-changes.js';
import { BarBlocksService } from '../../ingest/bar-blocks.service.js';
import { BarsIngestService, loadName } from '../../ingest/bars-ingest.service.js';
import { contradictedBars } from '../../ingest/contradicted-bars.js';
import { readBarHeader } from '../../ingest/dialects/bar-header.js';
import { remarksOfBlock } from '../../ingest/bar-report.js';
import type { Transaction } from '../../transactions/ingest-transactions.js';
import { LoadEndService } from '../../ingest/load-end.service.js';
import { InstrumentDirectory } from '../../instruments/instrument-directory.js';
import type { WithheldLine } from '../../load-order/withheld-rows.js';
import { WithheldLinesService } from '../../load-order/withheld-lines.service.js';
import {
  keyOf,
  requestOf,
  symbolOf,
  type ChangeCounts,
  type CheckedBlock,
  type FileKind,
  type StoredBlock,
  type WholeFile,
} from './file-kind.js';
import type { StagedBlock, Upload } from './upload.js';

/** Bars that the events of one file list together. */
const FILE_BARS_MAX = 10_000;

/** Owner of the keys and loads under which the blocks of uploads are stored. */
const UPLOADS = 'market-data';

/** Files of bars. */
@Injectable()
export class BarsFileService implements FileKind {
  readonly name = 'bars';

  constructor(
    private readonly blocks: BarBlocksService,
    private readonly bars: BarsIngestService,
    private readonly ends: LoadEndService,
    private readonly withheld: WithheldLinesService,
    private readonly directory: InstrumentDirectory,
  ) {}

  checkHeader(options: Upload['options'], header: string | undefined): void {
    if (options.format !== 'csv') return;
    if (header === undefined) throw new Failure('invalid', 'A CSV file needs a header line');
    readBarHeader(header, { dialect: options.dialect, symbol: symbolOf(options) });
  }

  ingest(upload: Upload, block: StagedBlock): Promise<IngestReport> {
    return this.bars.ingest(requestOf(upload, block, 'continue'), UPLOADS);
  }

  end({ id }: Upload): Promise<ChangeCounts> {
    return this.ends.end({ load: id, idempotency_key: keyOf(id) }, UPLOADS);
  }

  check(upload: Upload, block: StagedBlock): Promise<CheckedBlock> {
    return this.blocks.check(requestOf(upload, block, 'abort'));
  }

  whole(upload: Upload): WholeFile {
    const changes = new FileChanges();
    const withheld: WithheldLine[] = [];
    const contradicted = new Set<number>();
    const store = async (transaction: Transaction, block: StagedBlock): Promise<StoredBlock> => {
      const given = await this.blocks.read(requestOf(upload, block, 'abort'));
      // The blocks come in the order of the file, so no block has to wait and no row is dropped for a later line.
      const { read, order, dropped = [], ...place } = await this.bars.order(given, UPLOADS, withheld.length);
      const stored = await this.bars.store(transaction, read);
      const changed = { rows: read.block, stored };
      for (const change of changesIn(changed)) changes.add(change);
      withheld.push(...(place.withheld ?? []));
      for (const bar of contradictedBars({ block: read.block, order, dropped, stored })) contradicted.add(bar);
      return {
        total: read.block.total,
        ...countsOf([changed]),
        refused: read.block.refused.length,
        registered: read.registered,
        remarks: remarksOfBlock(read.block, order),
      };
    };
    const end = async (transaction: Transaction): Promise<ChangeCounts> => {
      const changed = await this.ends.store(transaction, loadName(UPLOADS, upload.id), withheld);
      for (const change of changed.flatMap(changesIn)) changes.add(change);
      await this.withheld.remember(transaction, [...contradicted]);
      return countsOf(changed);
    };
    return { store, end, events: () => this.#eventsOf(changes.values()) };
  }

  /** This process caches nothing about bars, so there is nothing to refresh. */
  afterWhole(): Promise<void> {
    return Promise.resolve();
  }

  async #eventsOf(changes: Iterable<BarChange>): Promise<PendingEvent[]> {
    return eventsOfChanges(changes, await this.directory.symbols(), systemClock.now());
  }
}

/** Collects the changes of a whole file. Only the bars of the first series are listed, so that the memory is bounded. */
class FileChanges {
  readonly #changes = new Map<string, BarChange>();
  #listed = 0;

  add(change: BarChange): void {
    const key = `${change.instrument} ${change.timeframe}`;
    const before = this.#changes.get(key);
    const after = this.#listed > FILE_BARS_MAX ? { ...change, bars: undefined } : change;
    const merged = before === undefined ? after : mergedChange(before, after);
    this.#listed += (merged.bars?.length ?? 0) - (before?.bars?.length ?? 0);
    this.#changes.set(key, merged);
  }

  values(): Iterable<BarChange> {
    return this.#changes.values();
  }
}
