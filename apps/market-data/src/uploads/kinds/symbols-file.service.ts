import { Injectable } from '@nestjs/common';
import type { IngestReport } from '@mystocks/contracts';
import { readInstruments, type InstrumentLine } from '../../ingest/instruments/instrument-lines.js';
import {
  InstrumentsIngestRepository,
  type ListedInstrument,
} from '../../ingest/instruments/instruments-ingest.repository.js';
import { InstrumentsIngestService } from '../../ingest/instruments/instruments-ingest.service.js';
import type { Transaction } from '../../transactions/ingest-transactions.js';
import { renameWarning } from '../../ingest/instruments/rename-warning.js';
import { remarksOfList } from '../../lines/lines-report.js';
import { InstrumentDirectory } from '../../instruments/instrument-directory.js';
import { instrumentEvents } from '../../instruments/instrument-events.js';
import {
  nothingWaits,
  requestOf,
  type CheckedBlock,
  type FileKind,
  type StoredBlock,
  type WholeFile,
} from './file-kind.js';
import type { StagedBlock, Upload } from './upload.js';

/** Files that list instruments. */
@Injectable()
export class SymbolsFileService implements FileKind {
  readonly name = 'instruments';
  readonly end = nothingWaits;

  constructor(
    private readonly lists: InstrumentsIngestService,
    private readonly instruments: InstrumentsIngestRepository,
    private readonly directory: InstrumentDirectory,
  ) {}

  checkHeader({ format }: Upload['options'], header: string | undefined): void {
    const rest = { body: Buffer.alloc(0), first_line: 1, on_error: 'continue', want_items: false } as const;
    readInstruments({ ...rest, format, ...(header === undefined ? {} : { header }) }, new Map());
  }

  ingest(upload: Upload, block: StagedBlock): Promise<IngestReport> {
    return this.lists.ingest(requestOf(upload, block, 'continue'));
  }

  async check(upload: Upload, block: StagedBlock): Promise<CheckedBlock> {
    const { lines, ignored } = readInstruments(requestOf(upload, block, 'abort'), await this.directory.renewed());
    const refused = lines.flatMap(({ line, id, refusal }) => (refusal === undefined ? [] : [{ line, id, ...refusal }]));
    return { total: lines.length, refused, ignored, remarks: {} };
  }

  whole(upload: Upload): WholeFile {
    let changed = 0;
    const reshaped = new Set<string>();
    const store = async (transaction: Transaction, block: StagedBlock): Promise<StoredBlock> => {
      const request = requestOf(upload, block, 'abort');
      const read = readInstruments(request, await this.directory.renewed());
      const earlier = await this.lists.replaced(request, read);
      const merged = await this.instruments.merge(transaction, lastOfEach(read.lines));
      const { inserted, updated, rekinded } = merged;
      changed += inserted.length + updated.length;
      for (const symbol of rekinded) reshaped.add(symbol);
      const refused = read.lines.filter(({ refusal }) => refusal !== undefined).length;
      const counts = { inserted: inserted.length, updated: updated.length, refused };
      const remarks = { ...remarksOfList(read.lines, earlier), ...renameWarning(read, merged) };
      return { total: read.lines.length, ...counts, registered: [], remarks };
    };
    return { store, end: nothingWaits, events: () => Promise.resolve(instrumentEvents(changed, [...reshaped])) };
  }

  /** A failed refresh of the local copy is ignored: the list is stored and its events are published. */
  async afterWhole(): Promise<void> {
    await this.directory.refresh();
  }
}

/** Keeps the last of several lines for the same symbol. */
function lastOfEach(lines: readonly InstrumentLine[]): ListedInstrument[] {
  const listed = new Map<string, ListedInstrument>();
  for (const { instrument } of lines) if (instrument !== undefined) listed.set(instrument.symbol, instrument);
  return [...listed.values()];
}
