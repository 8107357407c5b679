import {
  BLOCK_LINES_MAX,
  SUPERSEDED_LINES_MAX,
  type IngestItem,
  type IngestRemarks,
  type SupersededLine,
} from '@mystocks/contracts';
import type { StoredWork } from '../idempotency/idempotency.service.js';
import type { BlockOrder } from '../load-order/block-order.js';
import type { BarBlock, RefusedLine } from './bar-block.js';
import type { CheckedBars, ReadBars } from './bar-blocks.service.js';
import { barPlace, type BarRows } from './rows/bar-rows.js';
import type { ChangedRows, StoredRows } from './rows/bars-ingest.repository.js';
import { refusals } from '../lines/refusals.js';

type SymbolsById = ReadonlyMap<number, string>;

const refusedItem = ({ line, id, status, code, message }: RefusedLine): IngestItem => ({
  line,
  id,
  status,
  code,
  message,
});
const byLine = (a: IngestItem, b: IngestItem): number => a.line - b.line;

/** The report of a block none of whose lines can be stored. */
export function emptyReport({ block, registered }: ReadBars): StoredWork['report'] {
  return {
    total: block.total,
    inserted: 0,
    updated: 0,
    unchanged: 0,
    failed: block.total,
    items: block.refused.slice(0, BLOCK_LINES_MAX).map(refusedItem),
    ignored_columns: block.ignored,
    registered,
    ...block.remarks,
  };
}

/** The report of a block that was only checked; it is not known what storing it would change. */
export function checkedReport({ total, refused, ignored, registered, remarks }: CheckedBars): StoredWork['report'] {
  return {
    total,
    inserted: 0,
    updated: 0,
    unchanged: 0,
    failed: refused.length,
    items: refused.slice(0, BLOCK_LINES_MAX).map(refusedItem),
    ignored_columns: ignored,
    registered,
    ...remarks,
  };
}

/** The report of a block that is not stored because some of its lines were rejected. */
export function abortedReport(read: ReadBars): StoredWork['report'] {
  const { request, block, symbols } = read;
  const report = emptyReport(read);
  if (!request.want_items) return report;
  const others = [block.daily, block.minute].flatMap((rows) =>
    rowsOf(rows).map((row) => ({ line: rows.lineOf(row), id: placeId(rows, row, symbols), ...refusals.aborted })),
  );
  return { ...report, items: [...block.refused.map(refusedItem), ...others].sort(byLine) };
}

/** The result of storing a block, and its place among the blocks of its file. */
interface StoredBlock {
  readonly stored: StoredRows;
  /** Superseded rows whose optional values were stored. */
  readonly filled?: StoredRows;
  readonly order: BlockOrder | undefined;
  /** Lines that are not stored before the end of the file. */
  readonly withheld: number;
}

/** The report of a stored block, without the position of its commit, which is known only afterwards. */
export function barReport(read: ReadBars, { stored, filled, order, withheld }: StoredBlock): StoredWork['report'] {
  const { request, block, symbols } = read;
  const changed = [stored, filled].flatMap((rows) => (rows === undefined ? [] : [rows.daily, rows.minute]));
  const inserted = changed.reduce((sum, rows) => sum + rows.inserted.length, 0);
  const updated = changed.reduce((sum, rows) => sum + rows.updated.length, 0);
  const failed = block.refused.length;
  const report = {
    ...emptyReport(read),
    ...remarksOfBlock(block, order),
    inserted,
    updated,
    unchanged: block.total - failed - inserted - updated,
    failed,
    ...(withheld === 0 ? {} : { withheld }),
  };
  if (!request.want_items) return report;
  const kept = [...keptItems(block.daily, stored.daily, symbols), ...keptItems(block.minute, stored.minute, symbols)];
  return { ...report, items: [...block.refused.map(refusedItem), ...kept].sort(byLine) };
}

/** The remarks in the report of a stored block; `order` is its place among the blocks of its file. */
export function remarksOfBlock({ daily, minute, remarks }: BarBlock, order?: BlockOrder): IngestRemarks {
  const own = [daily, minute].flatMap((rows) =>
    [...rows.superseded].map(([row, by]): SupersededLine => ({ line: rows.lineOf(row), by })),
  );
  const lines = [...own, ...(order?.replaced ?? [])].sort((a, b) => a.line - b.line);
  if (lines.length === 0) return remarks;
  const count = own.length + (order?.newlyReplaced ?? 0);
  return { ...remarks, superseded: { count, lines: lines.slice(0, SUPERSEDED_LINES_MAX) } };
}

function keptItems(rows: BarRows, changed: ChangedRows, symbols: SymbolsById): IngestItem[] {
  const fresh = new Set(changed.inserted);
  return rowsOf(rows).map((row) => {
    const line = rows.lineOf(row);
    const id = placeId(rows, row, symbols);
    const later = rows.superseded.get(row);
    if (later !== undefined) return { line, id, status: 200, message: `Line ${later} gives this bar again` };
    return { line, id, status: fresh.has(row) ? 201 : 200 };
  });
}

const rowsOf = ({ size }: BarRows): number[] => Array.from({ length: size }, (_, row) => row);

function placeId(rows: BarRows, row: number, symbols: SymbolsById): string {
  const { instrument, timeframe, day, time } = barPlace(rows.keyOf(row));
  const stamp = timeframe === '1Day' ? day : `${day} ${time}`;
  return [symbols.get(instrument), timeframe, stamp].filter((part) => part !== undefined).join(' ');
}
