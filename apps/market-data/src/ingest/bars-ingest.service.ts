import { Injectable } from '@nestjs/common';
import { addRemarks, factorsChanged, type IngestBarsRequest, type IngestReport } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { FactorsRepository } from '../factors/factors.repository.js';
import { claimOfBlock } from '../lines/block-claims.js';
import { IdempotencyService, type StoredWork } from '../idempotency/idempotency.service.js';
import { pendingEvent, type PendingEvent } from '../idempotency/pending-events.js';
import { BarLines, boundsOf } from '../load-order/bar-lines.js';
import type { BlockOrder } from '../load-order/block-order.js';
import type { LoadBlock } from '../load-order/load-blocks.repository.js';
import { LoadOrderService, type ClaimedPlace } from '../load-order/load-order.service.js';
import type { BarBlock } from './bar-block.js';
import { linesOf, type WithheldLine } from '../load-order/withheld-rows.js';
import { WithheldLinesService } from '../load-order/withheld-lines.service.js';
import { BarBlocksService, type ReadBars } from './bar-blocks.service.js';
import { changesIn, eventsOfChanges, type ChangedBars } from './bar-changes.js';
import { contradictedBars } from './contradicted-bars.js';
import { abortedReport, barReport, checkedReport, emptyReport } from './bar-report.js';
import { BarsIngestRepository, fillIn, type BlockRows, type StoredRows } from './rows/bars-ingest.repository.js';
import { dayKeyOf } from './rows/bar-rows.js';
import { framesOf } from './day-stamps.js';
import type { Transaction } from '../transactions/ingest-transactions.js';
import { lateStamps } from './late-stamps.js';

/** The place of a block among the blocks of its file. */
interface OrderedPlace {
  readonly order: BlockOrder;
  /** Rows of which only optional values are stored. */
  readonly filling: BlockRows;
  /** Rows that are not stored before the end of the file. */
  readonly withheld: readonly WithheldLine[];
  /** Bars of rows that are not stored because another block has a later line. */
  readonly dropped: readonly number[];
}

/** What a block stores, and its place; no place for a block that is a file of its own. */
export interface OrderedBars extends Partial<OrderedPlace> {
  readonly read: ReadBars;
}

interface ClaimedLines extends ClaimedPlace {
  readonly lines: BarLines;
}

/** The name of a load contains its owner, so that loads of different senders are never mixed. */
export const loadName = (owner: string, load: string): string => `${owner} ${load}`;

/** Stores blocks of bars. A block is one transaction: either all its valid lines are stored, or none. */
@Injectable()
export class BarsIngestService {
  constructor(
    private readonly blocks: BarBlocksService,
    private readonly bars: BarsIngestRepository,
    private readonly once: IdempotencyService,
    private readonly loads: LoadOrderService,
    private readonly withheld: WithheldLinesService,
    private readonly factors: FactorsRepository,
  ) {}

  /**
   * Stores one block in its own transaction. `owner` is the owner of its idempotency key, if it has one; this service owns
   * some keys itself.
   */
  async ingest(request: IngestBarsRequest, owner = 'market-data'): Promise<IngestReport> {
    const claim = claimOfBlock('bars', request, owner);
    // Instruments are registered before the block is stored.
    if (claim !== undefined && request.register) await this.once.refuseAnother(claim);
    const given = await this.blocks.read(request);
    const block = loadBlockOf(given, owner);
    const ordered = await this.order(given, owner);
    const { read, order, filling } = ordered;
    if (block !== undefined && order !== undefined) await this.loads.waitFor(block.load, order.after);
    const batch = { kind: 'bars', claim, receivedAtMs: read.receivedAtMs } as const;
    const report = await this.once.run(batch, async (transaction) => {
      const isFirst = block === undefined || (await this.loads.store(transaction, block));
      // With a key this is always the first run of the block, even if the block is marked as stored: a second run would have
      // been recognised by the key.
      return this.#store(transaction, ordered, { load: block?.load, isFirst: isFirst || claim !== undefined });
    });
    if (report.replayed === true && block !== undefined) await this.loads.markStored(block);
    // The memory is not released after a failure, because a write of the rows may still be running.
    for (const { daily, minute } of [read.block, ...(filling === undefined ? [] : [filling])]) {
      daily.release();
      minute.release();
    }
    return report;
  }

  /** Reports what {@link ingest} would reject and remark, without storing anything. */
  async check(request: IngestBarsRequest): Promise<IngestReport> {
    const startedMs = systemClock.now();
    const checked = await this.blocks.check(request);
    return { ...checkedReport(checked), took_ms: systemClock.now() - startedMs };
  }

  /**
   * Claims the place of a block among the blocks of its file, and drops the rows that a later line of the file replaces.
   * When earlier blocks were rejected because of their stamps, days of this block whose stamps prove nothing are rejected
   * too.
   * @param waiting number of lines of the file that are withheld already; counted in the database when absent
   */
  async order(read: ReadBars, owner: string, waiting?: number): Promise<OrderedBars> {
    const block = loadBlockOf(read, owner);
    if (block === undefined) return { read };
    const { refusedFrames, ...claimed } = await this.#claim(block, read);
    const own = framesOf(read.block.minute.keys.map(dayKeyOf));
    if (![...refusedFrames].some((frame) => own.has(frame))) {
      const place = await this.#place(block, read, { claimed, waiting });
      return { read: await this.#warned(block, read, refusedFrames), ...place };
    }
    const again = await this.blocks.readAgain(read, refusedFrames);
    const place = await this.#place(block, again, { claimed: await this.#claim(block, again), waiting });
    return { read: await this.#warned(block, again, refusedFrames), ...place };
  }

  /** Stores a block that was read, in a transaction that may contain other blocks too. */
  async store(transaction: Transaction, { block }: ReadBars): Promise<StoredRows> {
    const stored = await this.bars.store(transaction, block.daily, block.minute);
    await this.blocks.holdInstruments(transaction, block);
    return stored;
  }

  /** The first block of a file that is refused for its stamps warns of the lines that were stored before it. */
  async #warned(place: LoadBlock, read: ReadBars, known: ReadonlySet<number>): Promise<ReadBars> {
    const { request, block } = read;
    const found = new Set([...block.refusedFrames].filter((frame) => !known.has(frame)));
    if (found.size === 0) return read;
    const warnings = await lateStamps(this.loads.claimedBefore(place), found, request.stamps);
    return { ...read, block: { ...block, remarks: addRemarks(block.remarks, { warnings }) } };
  }

  async #claim(place: LoadBlock, { block }: ReadBars): Promise<ClaimedLines> {
    const lines = new BarLines(block.daily, block.minute);
    const claimed = await this.loads.claim(place, lines, {
      bounds: boundsOf(lines.keys),
      refusedFrames: [...block.refusedFrames],
    });
    return { ...claimed, lines };
  }

  /** Removes the rows from a block that must not be stored with it. */
  async #place(
    { load }: LoadBlock,
    { request, block }: ReadBars,
    {
      claimed,
      waiting,
    }: { readonly claimed: Omit<ClaimedLines, 'refusedFrames'>; readonly waiting: number | undefined },
  ): Promise<OrderedPlace> {
    const { lines, order } = claimed;
    const contradicted = request.ends_load === true ? claimed.contradicted : new Set<number>();
    const isContradicted = (place: number): boolean => contradicted.has(lines.keys[place] ?? 0);
    const filling = lines.filling(new Map([...order.filling].filter(([place]) => !isContradicted(place))));
    const waits = lines.filling(new Map([...order.filling].filter(([place]) => isContradicted(place))));
    lines.drop(order.dropped);
    const withheld = await this.withheld.withhold(load, block, { contradicted, waiting });
    const dropped = [...order.dropped.keys()].map((place) => lines.keys[place] ?? 0);
    return { order, filling, dropped, withheld: [...linesOf(waits), ...withheld] };
  }

  async #store(
    transaction: Transaction,
    ordered: OrderedBars,
    { load, isFirst }: { readonly load: string | undefined; readonly isFirst: boolean },
  ): Promise<StoredWork> {
    const { read, order, filling, withheld = [], dropped = [] } = ordered;
    const { block, symbols, receivedAtMs } = read;
    if (isAborted(read)) return { report: abortedReport(read), events: [] };
    if (block.daily.size + block.minute.size + block.factors.length === 0)
      return { report: emptyReport(read), events: [] };
    const place = { order, withheld: withheld.length };
    if (!isFirst) return { report: barReport(read, { stored: nothingStored, ...place }), events: [] };
    const stored = await this.store(transaction, read);
    const changed: ChangedBars[] = [{ rows: block, stored }];
    const filled = filling === undefined ? undefined : await fillIn(this.bars, transaction, filling);
    if (filled !== undefined) changed.push(filled);
    if (load !== undefined) {
      await this.withheld.keep(transaction, load, withheld);
      await this.withheld.remember(transaction, contradictedBars({ block, order, dropped, stored }));
    }
    const barEvents = eventsOfChanges(changed.flatMap(changesIn), symbols, receivedAtMs);
    const events = [...barEvents, ...(await this.#keepFactors(transaction, block))];
    return { report: barReport(read, { stored, ...(filled && { filled: filled.stored }), ...place }), events };
  }

  async #keepFactors(transaction: Transaction, { factors }: BarBlock): Promise<PendingEvent[]> {
    if (factors.length === 0) return [];
    const changed = new Set((await this.factors.merge(transaction, factors)).map(({ id }) => id));
    const symbols = new Set(factors.filter(({ id }) => changed.has(id)).map(({ symbol }) => symbol));
    return [...symbols].map((symbol) => pendingEvent(factorsChanged, { symbol }));
  }
}

const nothingStored: StoredRows = {
  daily: { inserted: [], updated: [] },
  minute: { inserted: [], updated: [] },
};

const isAborted = ({ request, block }: ReadBars): boolean => request.on_error === 'abort' && block.refused.length > 0;

function loadBlockOf(read: ReadBars, owner: string): LoadBlock | undefined {
  const { load, first_line: firstLine } = read.request;
  // A block that stores nothing makes no claim, so that other blocks do not wait for it.
  return load === undefined || isAborted(read) ? undefined : { load: loadName(owner, load), firstLine };
}
