import { WARNING_LINES_MAX, type IngestRemarks } from '@mystocks/contracts';
import type { InstrumentBlock } from './instrument-lines.js';
import type { ChangedInstruments } from './instruments-ingest.repository.js';

/** Says how many stored names a list replaced: a list with shifted lines gives each instrument the name of another. */
export function renameWarning(
  { lines }: InstrumentBlock,
  { renamed }: Pick<ChangedInstruments, 'renamed'>,
): IngestRemarks {
  if (renamed.length === 0) return {};
  const replaced = new Set(renamed);
  const named = lines.filter(({ id, refusal }) => refusal === undefined && replaced.has(id));
  const message = 'The list gives instruments other names than they had; check that it is the right list';
  const first = named.slice(0, WARNING_LINES_MAX).map(({ line }) => line);
  return { warnings: [{ kind: 'renamed', count: renamed.length, lines: first, message }] };
}
