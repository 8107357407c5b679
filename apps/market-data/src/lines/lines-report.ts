import {
  BLOCK_LINES_MAX,
  SUPERSEDED_LINES_MAX,
  type IngestItem,
  type IngestRemarks,
  type IngestRequest,
  type SupersededLine,
} from '@mystocks/contracts';
import type { StoredWork } from '../idempotency/idempotency.service.js';
import { refusals, type Refusal } from './refusals.js';

type Report = StoredWork['report'];

/** A line of a block that was read whole. */
interface ReadLine {
  readonly line: number;
  readonly id: string;
  readonly refusal?: Refusal;
}

export interface ReadBlock {
  readonly lines: readonly ReadLine[];
  readonly ignored: string[];
}

/** Ids of the lines that changed something. */
interface Changed {
  readonly inserted: readonly string[];
  readonly updated: readonly string[];
}

export const refusedOf = ({ lines }: ReadBlock): ReadLine[] => lines.filter(({ refusal }) => refusal !== undefined);

const itemOf = ({ line, id, refusal }: ReadLine, status: number): IngestItem =>
  refusal === undefined ? { line, id, status } : { line, id, ...refusal };

const named = (request: IngestRequest, block: ReadBlock, refused: ReadLine[]): readonly ReadLine[] =>
  request.want_items ? block.lines : refused.slice(0, BLOCK_LINES_MAX);

/** The report of a list none of whose lines are stored. */
export function untouchedReport(request: IngestRequest, block: ReadBlock): Report {
  const refused = refusedOf(block);
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

/** The report of a block that was only checked; it is not known what storing it would change. */
export function checkedReport(block: ReadBlock): Report {
  const refused = refusedOf(block);
  return {
    total: block.lines.length,
    inserted: 0,
    updated: 0,
    unchanged: 0,
    failed: refused.length,
    items: refused.slice(0, BLOCK_LINES_MAX).map((line) => itemOf(line, 0)),
    ignored_columns: block.ignored,
    registered: [],
  };
}

export function storedReport(request: IngestRequest, block: ReadBlock, changed: Changed): Report {
  const refused = refusedOf(block);
  const fresh = new Set(changed.inserted);
  const [total, failed, inserted, updated] = [block.lines.length, refused.length, fresh.size, changed.updated.length];
  const items = named(request, block, refused).map((line) => itemOf(line, fresh.has(line.id) ? 201 : 200));
  const unchanged = total - failed - inserted - updated;
  return { total, inserted, updated, unchanged, failed, items, ignored_columns: block.ignored, registered: [] };
}

/**
 * What the report of a stored list says beside its counts: of lines with one id the last one is stored.
 * @param earlier lines of earlier blocks of the list that lines of this one replace
 */
export function remarksOfList(lines: readonly ReadLine[], earlier: readonly SupersededLine[] = []): IngestRemarks {
  const last = new Map<string, number>();
  const superseded = [...earlier];
  for (const { line, id, refusal } of lines) {
    if (refusal !== undefined) continue;
    const before = last.get(id);
    if (before !== undefined) superseded.push({ line: before, by: line });
    last.set(id, line);
  }
  return supersededRemarks(superseded);
}

/** All lines are counted, and the first ones are listed. */
export function supersededRemarks(superseded: readonly SupersededLine[]): IngestRemarks {
  if (superseded.length === 0) return {};
  const lines = superseded.toSorted((a, b) => a.line - b.line).slice(0, SUPERSEDED_LINES_MAX);
  return { superseded: { count: superseded.length, lines } };
}
