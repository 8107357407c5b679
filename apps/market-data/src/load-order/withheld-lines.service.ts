import { Injectable } from '@nestjs/common';
import { BarRows } from '../ingest/rows/bar-rows.js';
import { BarsIngestRepository, type BlockRows } from '../ingest/rows/bars-ingest.repository.js';
import { IngestTransactions, type Transaction } from '../transactions/ingest-transactions.js';
import { LoadOrderService } from './load-order.service.js';
import { lineOf, restOfLoad, type OtherLines, type RestOfLoad, type WithheldLine } from './withheld-rows.js';
import { WithheldLinesRepository } from './withheld-lines.repository.js';

/**
 * About the most lines of one load that are withheld; further lines are stored at once. At the end of the load all withheld
 * lines are in memory together.
 */
const LINES_MAX = 50_000;

/** The rows of a block for whose bars files gave different lines, with their numbers in the block. */
interface ContradictedRows {
  readonly rows: BarRows;
  readonly from: readonly number[];
}

/**
 * Keeps a file that contradicts itself from changing bars back and forth when it is sent again. Lines that would change a
 * bar for which an earlier load gave different lines are withheld, and are stored at the end of their load. See
 * docs/adr/0024-a-file-sent-again.md.
 */
@Injectable()
export class WithheldLinesService {
  constructor(
    private readonly bars: BarsIngestRepository,
    private readonly transactions: IngestTransactions,
    private readonly lines: WithheldLinesRepository,
    private readonly loads: LoadOrderService,
  ) {}

  /**
   * Withholds the rows of a block that must wait for the end of its load, and returns them.
   * @param contradicted bars that an earlier load gave different lines for
   * @param waiting number of lines of the load that are withheld already; counted in the database when absent
   */
  async withhold(
    load: string,
    block: BlockRows,
    { contradicted, waiting }: { readonly contradicted: ReadonlySet<number>; readonly waiting?: number | undefined },
  ): Promise<WithheldLine[]> {
    if (contradicted.size === 0) return [];
    const [daily, minute] = [contradictedIn(block.daily, contradicted), contradictedIn(block.minute, contradicted)];
    if (daily.rows.size + minute.rows.size === 0) return [];
    if ((waiting ?? (await this.lines.count(load))) >= LINES_MAX) return [];
    const rows = { daily: daily.rows, minute: minute.rows };
    const { value: changing } = await this.transactions.run((transaction) => this.bars.changing(transaction, rows));
    return [...taken(block.daily, daily, changing.daily), ...taken(block.minute, minute, changing.minute)];
  }

  /** Stores withheld lines in the transaction that stores their block. */
  async keep(transaction: Transaction, load: string, lines: readonly WithheldLine[]): Promise<void> {
    if (lines.length > 0) await this.lines.keep(transaction, load, lines);
  }

  /** Records the bars for which a load gave different lines. */
  async remember(transaction: Transaction, bars: readonly number[]): Promise<void> {
    if (bars.length > 0) await this.lines.remember(transaction, bars);
  }

  /**
   * Returns the withheld lines of a load and marks them as stored in the given transaction. The repository explains
   * `brokenOff`.
   */
  take(transaction: Transaction, load: string, brokenOff: boolean): Promise<WithheldLine[]> {
    return this.lines.take(transaction, load, brokenOff);
  }

  /** Decides what is stored of the withheld lines at the end of their load. */
  async rest(transaction: Transaction, load: string, lines: readonly WithheldLine[]): Promise<RestOfLoad> {
    if (lines.length === 0) return restOfLoad(lines, new Map());
    const others = new Map<number, { line: number; given: number }[]>(lines.map(({ bar }) => [bar, []]));
    const withheld = new Set(lines.map(({ line }) => line));
    const bars = Float64Array.from(others.keys());
    for await (const block of this.loads.claimedWithin(transaction, load, bars)) {
      block.keys.forEach((bar, row) => {
        const [line, given] = [block.lines[row] ?? 0, block.given[row] ?? 0];
        if (!withheld.has(line)) others.get(bar)?.push({ line, given });
      });
    }
    return restOfLoad(lines, others satisfies OtherLines);
  }
}

function contradictedIn(block: BarRows, contradicted: ReadonlySet<number>): ContradictedRows {
  const rows = new BarRows(0);
  const from = block.stored().filter((row) => contradicted.has(block.keyOf(row)));
  for (const row of from) rows.addCells(block.keyOf(row), block.lineOf(row), block.cells(row));
  return { rows, from };
}

function taken(block: BarRows, { from }: ContradictedRows, changing: readonly number[]): WithheldLine[] {
  const rows = changing.map((row) => from[row] ?? 0);
  for (const row of rows) block.withheld.add(row);
  return rows.map((row) => lineOf(block, row));
}
