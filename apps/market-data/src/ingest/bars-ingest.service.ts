import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import {
  barsChanged,
  type BarsChanged,
  Failure,
  instrumentsChanged,
  type IngestBarsRequest,
  type IngestReport,
} from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { metrics } from '@mystocks/telemetry';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { readBarBlock, type BarBlock } from './bar-block.js';
import { changesOf } from './bar-changes.js';
import { abortedReport, barReport, emptyReport } from './bar-report.js';
import type { SymbolIds } from './bar-symbols.js';
import { BarsIngestRepository, type StoredBlock } from './bars-ingest.repository.js';
import { InstrumentsIngestRepository } from './instruments-ingest.repository.js';

/** Items an answer can carry (IngestReport). */
const ITEMS_MAX = 10_000;

/** Stores blocks of bars. A block is one transaction: everything that is good in it is stored, or nothing. */
@Injectable()
export class BarsIngestService {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly bars: BarsIngestRepository,
    private readonly instruments: InstrumentsIngestRepository,
    private readonly bus: Bus,
  ) {}

  async ingest(request: IngestBarsRequest): Promise<IngestReport> {
    const stop = metrics.batchSeconds.startTimer({ kind: 'bars' });
    const nowMs = systemClock.now();
    const { block, registered } = await this.#read(request, nowMs);
    if (request.want_items && block.total > ITEMS_MAX) {
      throw new Failure('too_large', `A block with want_items holds at most ${ITEMS_MAX} lines`);
    }
    const report = await this.#store(request, block, nowMs);
    stop();
    for (const outcome of ['inserted', 'updated', 'unchanged', 'failed'] as const) {
      metrics.batchItems.cell('bars', outcome).count += report[outcome];
    }
    return { ...report, registered };
  }

  async #store(request: IngestBarsRequest, block: BarBlock, nowMs: number): Promise<IngestReport> {
    const symbols = await this.directory.symbols();
    if (request.on_error === 'abort' && block.refused.length > 0) return abortedReport(request, block, symbols);
    if (block.daily.size + block.minute.size === 0) return emptyReport(block);
    const stored = await this.bars.store(block.daily, block.minute);
    this.#tell(block, stored, symbols, nowMs);
    return barReport(request, block, stored, symbols);
  }

  /** Reads the block; an instrument nobody knows may have been listed since, or is registered when that is wanted. */
  async #read(request: IngestBarsRequest, nowMs: number): Promise<{ block: BarBlock; registered: string[] }> {
    const read = (ids: SymbolIds): BarBlock => readBarBlock(request, { ids, nowMs });
    const first = read(await this.directory.all());
    if (first.unknown.size === 0) return { block: first, registered: [] };
    const listed = await this.directory.renewed();
    const strangers = [...first.unknown.values()].filter(({ symbol }) => !listed.has(symbol));
    const onlyStrangers = first.refused.every(({ status }) => status === 404);
    const wanted = request.register && strangers.length > 0 && (request.on_error === 'continue' || onlyStrangers);
    if (!wanted) return { block: strangers.length < first.unknown.size ? read(listed) : first, registered: [] };
    const { value: registered, lsn } = await this.instruments.register(strangers);
    if (registered.length > 0) this.bus.publish(instrumentsChanged, { count: registered.length, lsn });
    return { block: read(await this.directory.refresh()), registered };
  }

  #tell(block: BarBlock, stored: StoredBlock, symbols: ReadonlyMap<number, string>, nowMs: number): void {
    for (const [rows, changed] of [[block.daily, stored.daily] as const, [block.minute, stored.minute] as const]) {
      for (const change of changesOf(rows, [...changed.inserted, ...changed.updated])) {
        const symbol = symbols.get(change.instrument);
        if (symbol === undefined) continue;
        const { timeframe, from, to, bar } = change;
        const payload: BarsChanged = {
          symbol,
          timeframe,
          from,
          to,
          bar,
          received_at_ms: nowMs,
          lsn: stored.lsn,
        };
        this.bus.publish(barsChanged, payload);
      }
    }
  }
}
