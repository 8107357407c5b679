import { Injectable } from '@nestjs/common';
import { barsChanged, Failure, type IngestReport } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { newsOf, type News } from '../idempotency/news.js';
import { changesOf, type BarChange } from '../ingest/bar-changes.js';
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
    return this.bars.ingest(requestOf(upload, block, 'continue'));
  }

  check(upload: Upload, block: StagedBlock): Promise<CheckedBlock> {
    return this.blocks.check(requestOf(upload, block, 'abort'));
  }

  whole(upload: Upload): WholeFile {
    const news = new Map<string, BarChange>();
    const store = async (transaction: Transaction, block: StagedBlock): Promise<StoredBlock> => {
      const read = await this.blocks.read(requestOf(upload, block, 'abort'));
      const stored = await this.bars.store(transaction, read);
      for (const change of changesIn(read, stored)) addNews(news, change);
      return {
        total: read.block.total,
        inserted: stored.daily.inserted.length + stored.minute.inserted.length,
        updated: stored.daily.updated.length + stored.minute.updated.length,
        refused: read.block.refused.length,
        registered: read.registered,
        remarks: remarksOfBlock(read.block),
      };
    };
    return { store, news: () => this.#newsOf(news.values()) };
  }

  /** Nothing is kept of bars here. */
  afterWhole(): Promise<void> {
    return Promise.resolve();
  }

  async #newsOf(changes: Iterable<BarChange>): Promise<News[]> {
    const symbols = await this.directory.symbols();
    const received_at_ms = systemClock.now();
    return [...changes].flatMap(({ instrument, timeframe, from, to, bar }) => {
      const symbol = symbols.get(instrument);
      return symbol === undefined ? [] : [newsOf(barsChanged, { symbol, timeframe, from, to, bar, received_at_ms })];
    });
  }
}

function changesIn({ block }: ReadBars, { daily, minute }: StoredRows): BarChange[] {
  return [
    ...changesOf(block.daily, [...daily.inserted, ...daily.updated]),
    ...changesOf(block.minute, [...minute.inserted, ...minute.updated]),
  ];
}

/** One piece of news for an instrument and frame, however many blocks changed it: the memory it takes is bounded. */
function addNews(news: Map<string, BarChange>, change: BarChange): void {
  const key = `${change.instrument} ${change.timeframe}`;
  const known = news.get(key);
  if (known === undefined) {
    news.set(key, change);
    return;
  }
  const from = known.from < change.from ? known.from : change.from;
  const to = known.to > change.to ? known.to : change.to;
  news.set(key, { ...change, from, to, bar: known.bar.t > change.bar.t ? known.bar : change.bar });
}
