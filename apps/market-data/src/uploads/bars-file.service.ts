import { Injectable } from '@nestjs/common';
import { Failure, type IngestReport } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import type { News } from '../idempotency/news.js';
import { changesOf, mergedChange, newsOfChange, type BarChange } from '../ingest/bar-changes.js';
import { BarBlocksService, type ReadBars } from '../ingest/bar-blocks.service.js';
import { BarsIngestService } from '../ingest/bars-ingest.service.js';
import { readBarHeader } from '../ingest/dialects/bar-header.js';
import { remarksOfBlock } from '../ingest/bar-report.js';
import type { StoredRows } from '../ingest/bars-ingest.repository.js';
import type { Transaction } from '../ingest/ingest-transactions.js';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import {
  requestOf,
  symbolOf,
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

  check(upload: Upload, block: StagedBlock): Promise<CheckedBlock> {
    return this.blocks.check(requestOf(upload, block, 'abort'));
  }

  whole(upload: Upload): WholeFile {
    const changes = new FileChanges();
    const store = async (transaction: Transaction, block: StagedBlock): Promise<StoredBlock> => {
      const given = await this.blocks.read(requestOf(upload, block, 'abort'));
      // The blocks come in the order of the file, so there is nothing to wait for and nothing to take out.
      const { read, order } = await this.bars.order(given, UPLOADS);
      const stored = await this.bars.store(transaction, read);
      for (const change of changesIn(read, stored)) changes.add(change);
      return {
        total: read.block.total,
        inserted: stored.daily.inserted.length + stored.minute.inserted.length,
        updated: stored.daily.updated.length + stored.minute.updated.length,
        refused: read.block.refused.length,
        registered: read.registered,
        remarks: remarksOfBlock(read.block, order),
      };
    };
    return { store, news: () => this.#newsOf(changes.values()) };
  }

  /** Nothing is kept of bars here. */
  afterWhole(): Promise<void> {
    return Promise.resolve();
  }

  async #newsOf(changes: Iterable<BarChange>): Promise<News[]> {
    const symbols = await this.directory.symbols();
    const received_at_ms = systemClock.now();
    return [...changes].flatMap((change) => {
      const symbol = symbols.get(change.instrument);
      return symbol === undefined ? [] : [newsOfChange(symbol, change, received_at_ms)];
    });
  }
}

function changesIn({ block }: ReadBars, { daily, minute }: StoredRows): BarChange[] {
  return [
    ...changesOf(block.daily, [...daily.inserted, ...daily.updated]),
    ...changesOf(block.minute, [...minute.inserted, ...minute.updated]),
  ];
}

/** The changes of a whole file. The memory they take is bounded: bars are listed only of the first series. */
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
