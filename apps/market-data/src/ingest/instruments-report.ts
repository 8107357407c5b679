import type { IngestItem, IngestRequest } from '@mystocks/contracts';
import type { Outcome } from '../idempotency/ingest-once.service.js';
import type { InstrumentBlock, InstrumentLine } from './instrument-lines.js';
import type { ChangedInstruments } from './instruments-ingest.repository.js';
import { refusals } from './refusals.js';

type Report = Outcome['report'];

const REFUSED_MAX = 10_000;

export const refusedOf = ({ lines }: InstrumentBlock): InstrumentLine[] =>
  lines.filter(({ refusal }) => refusal !== undefined);

const itemOf = ({ line, id, refusal }: InstrumentLine, status: number): IngestItem =>
  refusal === undefined ? { line, id, status } : { line, id, ...refusal };

const named = (request: IngestRequest, block: InstrumentBlock, refused: InstrumentLine[]): InstrumentLine[] =>
  request.want_items ? block.lines : refused.slice(0, REFUSED_MAX);

/** A list of which nothing is stored. */
export function untouchedReport(request: IngestRequest, block: InstrumentBlock): Report {
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

export function storedReport(request: IngestRequest, block: InstrumentBlock, changed: ChangedInstruments): Report {
  const refused = refusedOf(block);
  const fresh = new Set(changed.inserted);
  const [total, failed, inserted, updated] = [block.lines.length, refused.length, fresh.size, changed.updated.length];
  const items = named(request, block, refused).map((line) => itemOf(line, fresh.has(line.id) ? 201 : 200));
  const unchanged = total - failed - inserted - updated;
  return { total, inserted, updated, unchanged, failed, items, ignored_columns: block.ignored, registered: [] };
}
