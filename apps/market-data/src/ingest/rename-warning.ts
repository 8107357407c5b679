import type { IngestRemarks } from '@mystocks/contracts';
import type { InstrumentBlock } from './instrument-lines.js';
import type { ChangedInstruments } from './instruments-ingest.repository.js';

const LINES_MAX = 20;

/** Says how many stored names a list replaced: a list with shifted lines gives each instrument the name of another. */
export function renameWarning({ lines }: InstrumentBlock, { renamed }: ChangedInstruments): IngestRemarks {
  if (renamed.length === 0) return {};
  const replaced = new Set(renamed);
  const named = lines.filter(({ id, refusal }) => refusal === undefined && replaced.has(id));
  const message = 'The list gave instruments other names than they had; check that it is the right list';
  const first = named.slice(0, LINES_MAX).map(({ line }) => line);
  return { warnings: [{ kind: 'renamed', count: renamed.length, lines: first, message }] };
}
