import { Injectable } from '@nestjs/common';
import type { IngestReport } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { factorHeader, readFactors, type FactorBlock } from '../../factors/factor-lines.js';
import { FactorsIngestService } from '../../factors/factors-ingest.service.js';
import type { PendingEvent } from '../../idempotency/pending-events.js';
import type { Transaction } from '../../transactions/ingest-transactions.js';
import { refusedOf } from '../../lines/lines-report.js';
import { InstrumentDirectory } from '../../instruments/instrument-directory.js';
import {
  nothingWaits,
  requestOf,
  type CheckedBlock,
  type FileKind,
  type StoredBlock,
  type WholeFile,
} from './file-kind.js';
import type { StagedBlock, Upload } from './upload.js';

/** Files of adjustment factors by ex-date. */
@Injectable()
export class FactorsFileService implements FileKind {
  readonly name = 'factors';
  readonly end = nothingWaits;

  constructor(
    private readonly factors: FactorsIngestService,
    private readonly directory: InstrumentDirectory,
  ) {}

  checkHeader({ format }: Upload['options'], header: string | undefined): void {
    if (format === 'csv') factorHeader(header);
  }

  ingest(upload: Upload, block: StagedBlock): Promise<IngestReport> {
    return this.factors.ingest(requestOf(upload, block, 'continue'));
  }

  async check(upload: Upload, block: StagedBlock): Promise<CheckedBlock> {
    const read = await this.#read(upload, block);
    const refused = read.lines.flatMap(({ line, id, refusal }) =>
      refusal === undefined ? [] : [{ line, id, ...refusal }],
    );
    return { total: read.lines.length, refused, ignored: read.ignored, remarks: {} };
  }

  whole(upload: Upload): WholeFile {
    const told = new Map<string, PendingEvent>();
    const store = async (transaction: Transaction, block: StagedBlock): Promise<StoredBlock> => {
      const read = await this.#read(upload, block);
      const earlier = await this.factors.replaced(requestOf(upload, block, 'abort'), read);
      const { inserted, updated, events, remarks } = await this.factors.store(transaction, { block: read, earlier });
      for (const one of events) told.set(JSON.stringify(one.payload), one);
      const counts = { inserted: inserted.length, updated: updated.length, refused: refusedOf(read).length };
      return { total: read.lines.length, ...counts, registered: [], remarks };
    };
    return { store, end: nothingWaits, events: () => Promise.resolve([...told.values()]) };
  }

  afterWhole(): Promise<void> {
    return Promise.resolve();
  }

  #read(upload: Upload, block: StagedBlock): Promise<FactorBlock> {
    return readFactors(requestOf(upload, block, 'abort'), (alias) => this.directory.find(alias), systemClock.now());
  }
}
