import type { BlockOrder } from '../load-order/block-order.js';
import type { BarRows } from './rows/bar-rows.js';
import type { BlockRows, StoredRows } from './rows/bars-ingest.repository.js';

/** A block of a file as it was stored. */
interface OrderedBlock {
  readonly block: BlockRows;
  readonly order: BlockOrder | undefined;
  /** Bars of rows that were not stored because another block has a later line. */
  readonly dropped: readonly number[];
  readonly stored: StoredRows;
}

/** The bars of a block for which its file has lines that may differ. */
export function contradictedBars({ block, order, dropped, stored }: OrderedBlock): number[] {
  if (order === undefined) return [];
  const replacing = new Set(order.replaced.map(({ by }) => by));
  return [
    ...dropped,
    ...replacedBars(block.daily, stored.daily.updated, replacing),
    ...replacedBars(block.minute, stored.minute.updated, replacing),
    ...repeatedBars(block.daily),
    ...repeatedBars(block.minute),
  ];
}

/** Bars of an earlier block that rows have changed. */
const replacedBars = (rows: BarRows, updated: readonly number[], replacing: ReadonlySet<number>): number[] =>
  replacing.size === 0 ? [] : updated.filter((row) => replacing.has(rows.lineOf(row))).map((row) => rows.keyOf(row));

/** Bars that occur twice in the block with different values. When the file is sent again, it may be cut between these lines. */
function repeatedBars(rows: BarRows): number[] {
  if (rows.superseded.size === 0) return [];
  const rowOf = new Map(Array.from(rows.keys, (_, row) => [rows.lineOf(row), row]));
  const differing: number[] = [];
  for (const [row, line] of rows.superseded) {
    const later = rowOf.get(line);
    if (later !== undefined && rows.cells(row).join() !== rows.cells(later).join()) differing.push(rows.keyOf(row));
  }
  return differing;
}
