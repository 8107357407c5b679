import { Injectable } from '@nestjs/common';
import { addRemarks, factorsChanged, type IngestBarsRequest, type IngestReport } from '@mystocks/contracts';
import { systemClock } from '@mystocks/kernel';
import { FactorsRepository } from '../factors/factors.repository.js';
import { claimOfBlock } from '../idempotency/claim.js';
import { IngestOnceService, type Outcome } from '../idempotency/ingest-once.service.js';
import { newsOf, type News } from '../idempotency/news.js';
import { BarLines, boundsOf } from '../load-order/bar-lines.js';
import type { BlockOrder } from '../load-order/block-order.js';
import type { LoadBlock } from '../load-order/load-blocks.repository.js';
import { LoadOrderService, type ClaimedPlace } from '../load-order/load-order.service.js';
import type { BarBlock } from './bar-block.js';
import { BarBlocksService, type ReadBars } from './bar-blocks.service.js';
import { changesOf, newsOfChange } from './bar-changes.js';
import { abortedReport, barReport, checkedReport, emptyReport } from './bar-report.js';
import { BarsIngestRepository, type FillingRows, type StoredRows } from './bars-ingest.repository.js';
import { dayKeyOf } from './bar-rows.js';
import { framesOf } from './day-stamps.js';
import type { Transaction } from './ingest-transactions.js';
import { lateStamps } from './late-stamps.js';

/** What a block stores, and its place among the blocks of its file; no place for a block that is a file of its own. */
interface OrderedBars {
  readonly read: ReadBars;
  readonly order: BlockOrder | undefined;
  /** Rows of which only optional values are stored. */
  readonly filling?: FillingRows | undefined;
}

interface ClaimedBars extends ClaimedPlace {
  readonly filling: FillingRows;
}

/** Stores blocks of bars. A block is one transaction: everything that is good in it is stored, or nothing. */
@Injectable()
export class BarsIngestService {
  constructor(
    private readonly blocks: BarBlocksService,
    private readonly bars: BarsIngestRepository,
    private readonly once: IngestOnceService,
    private readonly loads: LoadOrderService,
    private readonly factors: FactorsRepository,
  ) {}

  /** One block in its own transaction. Its key, if it has one, is `owner`'s; this service has keys of its own too. */
  async ingest(request: IngestBarsRequest, owner = 'market-data'): Promise<IngestReport> {
    const claim = claimOfBlock('bars', request, owner);
    // Instruments are registered before the block is stored.
    if (claim !== undefined && request.register) await this.once.refuseAnother(claim);
    const given = await this.blocks.read(request);
    const block = loadBlockOf(given, owner);
    const { read, order, filling } = await this.order(given, owner);
    if (block !== undefined && order !== undefined) await this.loads.waitFor(block.load, order.after);
    const batch = { kind: 'bars', claim, receivedAtMs: read.receivedAtMs } as const;
    const report = await this.once.run(batch, async (transaction) => {
      const isFirst = block === undefined || (await this.loads.store(transaction, block));
      // With a key this is the first run of the block whatever its mark says: the key itself tells a second one.
      return this.#store(transaction, { read, order, filling }, isFirst || claim !== undefined);
    });
    if (report.replayed === true && block !== undefined) await this.loads.markStored(block);
    // Not after a failure: a write of the rows may be under way.
    for (const { daily, minute } of [read.block, ...(filling === undefined ? [] : [filling])]) {
      daily.release();
      minute.release();
    }
    return report;
  }

  /** What {@link ingest} would refuse and remark. Nothing is stored. */
  async check(request: IngestBarsRequest): Promise<IngestReport> {
    const startedMs = systemClock.now();
    const checked = await this.blocks.check(request);
    return { ...checkedReport(checked), took_ms: systemClock.now() - startedMs };
  }

  /**
   * Claims the place of a block among the blocks of its file, and takes out the rows that a later line of the file
   * replaces. Where earlier blocks were refused for their stamps, so are the parts of days of this one that show nothing.
   */
  async order(read: ReadBars, owner: string): Promise<OrderedBars> {
    const block = loadBlockOf(read, owner);
    if (block === undefined) return { read, order: undefined };
    const { order, filling, refusedFrames } = await this.#claim(block, read);
    const own = framesOf(read.block.minute.keys.map(dayKeyOf));
    if (![...refusedFrames].some((frame) => own.has(frame))) {
      return { read: await this.#warned(block, read, refusedFrames), order, filling };
    }
    const again = await this.blocks.readAgain(read, refusedFrames);
    const claimed = await this.#claim(block, again);
    const warned = await this.#warned(block, again, refusedFrames);
    return { read: warned, order: claimed.order, filling: claimed.filling };
  }

  /** Stores what was read as part of a transaction that may hold other blocks too. */
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

  async #claim(place: LoadBlock, { block }: ReadBars): Promise<ClaimedBars> {
    const lines = new BarLines(block.daily, block.minute);
    const claimed = await this.loads.claim(place, lines, {
      bounds: boundsOf(lines.keys),
      refusedFrames: [...block.refusedFrames],
    });
    const filling = lines.filling(claimed.order.filling);
    lines.drop(claimed.order.dropped);
    return { ...claimed, filling };
  }

  async #store(transaction: Transaction, ordered: OrderedBars, isFirst: boolean): Promise<Outcome> {
    const { read, order, filling } = ordered;
    const { block } = read;
    if (isAborted(read)) return { report: abortedReport(read), news: [] };
    if (block.daily.size + block.minute.size + block.factors.length === 0)
      return { report: emptyReport(read), news: [] };
    if (!isFirst) return { report: barReport(read, { stored: nothingStored, order }), news: [] };
    const stored = await this.store(transaction, read);
    const news = [...barNews(read, block, stored), ...(await this.#keepFactors(transaction, block))];
    if (filling === undefined || filling.daily.size + filling.minute.size === 0) {
      return { report: barReport(read, { stored, order }), news };
    }
    const filled = await this.bars.fill(transaction, filling);
    const rows = { daily: filled.daily.rows, minute: filled.minute.rows };
    return { report: barReport(read, { stored, filled, order }), news: [...news, ...barNews(read, rows, filled)] };
  }

  async #keepFactors(transaction: Transaction, { factors }: BarBlock): Promise<News[]> {
    if (factors.length === 0) return [];
    const changed = new Set((await this.factors.merge(transaction, factors)).map(({ id }) => id));
    const symbols = new Set(factors.filter(({ id }) => changed.has(id)).map(({ symbol }) => symbol));
    return [...symbols].map((symbol) => newsOf(factorsChanged, { symbol }));
  }
}

const nothingStored: StoredRows = {
  daily: { inserted: [], updated: [] },
  minute: { inserted: [], updated: [] },
};

const isAborted = ({ request, block }: ReadBars): boolean => request.on_error === 'abort' && block.refused.length > 0;

function loadBlockOf(read: ReadBars, owner: string): LoadBlock | undefined {
  const { load, first_line: firstLine } = read.request;
  // Others must not wait for a block that is not stored.
  return load === undefined || isAborted(read) ? undefined : { load: `${owner} ${load}`, firstLine };
}

/** What changed, once a symbol and frame. */
function barNews({ symbols, receivedAtMs }: ReadBars, rows: FillingRows, stored: StoredRows): News[] {
  const changes = [
    ...changesOf(rows.daily, [...stored.daily.inserted, ...stored.daily.updated]),
    ...changesOf(rows.minute, [...stored.minute.inserted, ...stored.minute.updated]),
  ];
  return changes.flatMap((change) => {
    const symbol = symbols.get(change.instrument);
    return symbol === undefined ? [] : [newsOfChange(symbol, change, receivedAtMs)];
  });
}
