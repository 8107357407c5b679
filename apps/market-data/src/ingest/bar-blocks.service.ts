import { Injectable } from '@nestjs/common';
import { Bus } from '@mystocks/bus';
import { BLOCK_LINES_MAX, Failure, instrumentsChanged, type IngestBarsRequest } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { InstrumentDirectory } from '../instruments/instrument-directory.js';
import { readBarBlock, type BarBlock } from './bar-block.js';
import { instrumentOf, type BarRows } from './rows/bar-rows.js';
import type { SymbolIds } from './read/bar-symbols.js';
import { IngestTransactions, type Transaction } from '../transactions/ingest-transactions.js';
import { InstrumentsIngestRepository } from './instruments/instruments-ingest.repository.js';
import { lacksInstrument } from '../lines/refusals.js';

/** The largest id that has room in the key of a bar. */
const ID_MAX = 2 ** 23 - 1;

/** A block of bars, read and checked; none of it is stored yet. */
export interface ReadBars {
  readonly request: IngestBarsRequest;
  readonly block: BarBlock;
  /** Instruments that were registered for it. */
  readonly registered: string[];
  /** Canonical symbols by instrument id. */
  readonly symbols: ReadonlyMap<number, string>;
  /** When it came, epoch ms. */
  readonly receivedAtMs: number;
}

/** What a block would bring. */
export interface CheckedBars extends Pick<BarBlock, 'total' | 'refused' | 'ignored' | 'remarks'> {
  /** Instruments that would be registered for it. */
  readonly registered: string[];
}

/** The stored instruments, and new ones under ids that none of them has. */
function withNew(ids: SymbolIds, unknown: BarBlock['unknown']): SymbolIds {
  const added = [...unknown.values()].map(
    ({ symbol, kind }, index) => [symbol, { id: ID_MAX - index, kind, status: 'listed' }] as const,
  );
  return new Map([...ids, ...added]);
}

/** The instruments of all rows. */
function instrumentsOf(...tables: readonly BarRows[]): Set<number> {
  const ids = new Set<number>();
  let last = -1;
  for (const { keys } of tables) {
    for (const key of keys) {
      const id = instrumentOf(key);
      if (id !== last) ids.add(id);
      last = id;
    }
  }
  return ids;
}

/** Reads blocks of bars against the instruments there are. */
@Injectable()
export class BarBlocksService {
  constructor(
    private readonly directory: InstrumentDirectory,
    private readonly instruments: InstrumentsIngestRepository,
    private readonly transactions: IngestTransactions,
    private readonly bus: Bus,
  ) {}

  /**
   * Reads the block; an unknown instrument may have been listed since, or is registered when the request wants that.
   * @throws {Failure} `too_large` when every item is wanted of more lines than an answer carries
   */
  async read(request: IngestBarsRequest): Promise<ReadBars> {
    const receivedAtMs = systemClock.now();
    const { block, registered } = await this.#read(request, receivedAtMs);
    if (request.want_items && block.total > BLOCK_LINES_MAX) {
      throw new Failure('too_large', `A block with want_items holds at most ${BLOCK_LINES_MAX} lines`);
    }
    return { request, block, registered, symbols: await this.directory.symbols(), receivedAtMs };
  }

  /** Reads a block once more, because earlier blocks of its file were refused for the stamps of these frames. */
  async readAgain({ block, ...read }: ReadBars, refusedFrames: BarBlock['refusedFrames']): Promise<ReadBars> {
    for (const rows of [block.daily, block.minute]) rows.release();
    const context = { ids: await this.directory.all(), nowMs: read.receivedAtMs, refusedFrames };
    return { ...read, block: readBarBlock(read.request, context) };
  }

  /** What {@link read} would refuse. Registers nothing. */
  async check(request: IngestBarsRequest): Promise<CheckedBars> {
    const nowMs = systemClock.now();
    const ids = await this.directory.renewed();
    const first = readBarBlock(request, { ids, nowMs });
    // Days of minute bars are judged of instruments that are stored; those that are going to be registered count as such.
    const isWhole = !request.register || first.unknown.size === 0;
    const block = isWhole ? first : readBarBlock(request, { ids: withNew(ids, first.unknown), nowMs });
    const refused = request.register ? block.refused.filter((line) => !lacksInstrument(line)) : block.refused;
    const registered = request.register ? [...first.unknown.keys()] : [];
    return { total: block.total, refused, ignored: block.ignored, remarks: block.remarks, registered };
  }

  /** The last step of a transaction that stores a block: none of its instruments is removed from then on. */
  async holdInstruments({ client }: Transaction, { daily, minute }: Pick<BarBlock, 'daily' | 'minute'>): Promise<void> {
    await this.directory.hold(client, instrumentsOf(daily, minute));
  }

  async #read(request: IngestBarsRequest, nowMs: number): Promise<{ block: BarBlock; registered: string[] }> {
    const read = (ids: SymbolIds): BarBlock => readBarBlock(request, { ids, nowMs });
    const first = read(await this.directory.all());
    if (first.unknown.size === 0) return { block: first, registered: [] };
    const listed = await this.directory.renewed();
    const unlisted = [...first.unknown.values()].filter(({ symbol }) => !listed.has(symbol));
    const onlyUnlisted = first.refused.every(lacksInstrument);
    const wanted = request.register && unlisted.length > 0 && (request.on_error === 'continue' || onlyUnlisted);
    if (!wanted) return { block: unlisted.length < first.unknown.size ? read(listed) : first, registered: [] };
    const { value: registered, lsn } = await this.transactions.run((transaction) =>
      this.instruments.register(transaction, unlisted),
    );
    if (registered.length > 0) this.bus.publish(instrumentsChanged, { count: registered.length, lsn });
    return { block: read(await this.directory.refresh()), registered };
  }
}
