import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import {
  Failure,
  instrumentsChanged,
  type IngestItem,
  type IngestReport,
  type IngestRequest,
} from '@mystocks/contracts';
import { metrics } from '@mystocks/telemetry';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { IngestTransactions } from './ingest-transactions.js';
import { readInstruments, type InstrumentBlock, type InstrumentLine } from './instrument-lines.js';
import {
  InstrumentsIngestRepository,
  type ChangedInstruments,
  type ListedInstrument,
} from './instruments-ingest.repository.js';
import { refusals } from './refusals.js';

const REFUSED_MAX = 1_000;
const ITEMS_MAX = 10_000;

/** Stores blocks of an instruments list. Instruments it does not name are left alone. */
@Injectable()
export class InstrumentsIngestService {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly repository: InstrumentsIngestRepository,
    private readonly transactions: IngestTransactions,
    private readonly bus: Bus,
  ) {}

  async ingest(request: IngestRequest): Promise<IngestReport> {
    const stop = metrics.batchSeconds.startTimer({ kind: 'instruments' });
    const block = readInstruments(request);
    if (block.lines.length > ITEMS_MAX) throw new Failure('too_large', `A block holds at most ${ITEMS_MAX} lines`);
    const report = await this.#store(request, block);
    stop();
    for (const outcome of ['inserted', 'updated', 'unchanged', 'failed'] as const) {
      metrics.batchItems.cell('instruments', outcome).count += report[outcome];
    }
    return report;
  }

  async #store(request: IngestRequest, block: InstrumentBlock): Promise<IngestReport> {
    const refused = block.lines.filter(({ refusal }) => refusal !== undefined);
    // Of lines about one symbol the last one counts.
    const listed = new Map<string, ListedInstrument>();
    for (const { instrument } of block.lines) if (instrument !== undefined) listed.set(instrument.symbol, instrument);
    if (listed.size === 0 || (request.on_error === 'abort' && refused.length > 0))
      return untouched(request, block, refused);
    const { value: changed, lsn } = await this.transactions.run((transaction) =>
      this.repository.merge(transaction, [...listed.values()]),
    );
    const count = changed.inserted.length + changed.updated.length;
    if (count > 0) {
      // Told first: it is stored, whatever becomes of our own copy.
      this.bus.publish(instrumentsChanged, { count, lsn });
      await this.directory.refresh();
    }
    return { ...storedReport(request, block, refused, changed), lsn };
  }
}

const itemOf = ({ line, id, refusal }: InstrumentLine, status: number): IngestItem =>
  refusal === undefined ? { line, id, status } : { line, id, ...refusal };

const named = (request: IngestRequest, block: InstrumentBlock, refused: InstrumentLine[]): InstrumentLine[] =>
  request.want_items ? block.lines : refused.slice(0, REFUSED_MAX);

function untouched(request: IngestRequest, block: InstrumentBlock, refused: InstrumentLine[]): IngestReport {
  const items = named(request, block, refused).map((line) =>
    itemOf({ ...line, refusal: line.refusal ?? refusals.aborted }, 0),
  );
  const total = block.lines.length;
  return {
    total,
    inserted: 0,
    updated: 0,
    unchanged: 0,
    failed: total,
    items,
    ignored_columns: block.ignored,
    registered: [],
  };
}

function storedReport(
  request: IngestRequest,
  block: InstrumentBlock,
  refused: InstrumentLine[],
  changed: ChangedInstruments,
): IngestReport {
  const fresh = new Set(changed.inserted);
  const [total, failed, inserted, updated] = [block.lines.length, refused.length, fresh.size, changed.updated.length];
  const items = named(request, block, refused).map((line) => itemOf(line, fresh.has(line.id) ? 201 : 200));
  const unchanged = total - failed - inserted - updated;
  return { total, inserted, updated, unchanged, failed, items, ignored_columns: block.ignored, registered: [] };
}
