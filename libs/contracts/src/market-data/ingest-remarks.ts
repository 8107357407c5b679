import type { IngestRemarks, IngestWarning, SupersededLine, SupersededLines } from './ingest.contract.js';

/** A report lists this many superseded lines at most, and counts all. */
export const SUPERSEDED_LINES_MAX = 1_000;
const WARNINGS_MAX = 20;
/** Lines that a warning names: the first ones. */
export const WARNING_LINES_MAX = 20;

/** The remarks of a report, without its counts. */
export function remarksOf({ dialect, conversion, rounded, superseded, warnings }: IngestRemarks): IngestRemarks {
  return {
    ...(dialect === undefined ? {} : { dialect }),
    ...(conversion === undefined ? {} : { conversion }),
    ...(rounded === undefined || rounded === 0 ? {} : { rounded }),
    ...(superseded === undefined || superseded.count === 0 ? {} : { superseded }),
    ...(warnings === undefined || warnings.length === 0 ? {} : { warnings }),
  };
}

/**
 * Adds up the remarks of two parts of a file. The sum is the same in whatever order the parts are added: the lists keep
 * their first lines, not the lines that came first.
 */
export function addRemarks(one: IngestRemarks, other: IngestRemarks): IngestRemarks {
  const dialect = one.dialect ?? other.dialect;
  const conversion = one.conversion ?? other.conversion;
  return remarksOf({
    ...(dialect === undefined ? {} : { dialect }),
    ...(conversion === undefined ? {} : { conversion }),
    rounded: (one.rounded ?? 0) + (other.rounded ?? 0),
    superseded: addSuperseded(one.superseded, other.superseded),
    warnings: addWarnings([...(one.warnings ?? []), ...(other.warnings ?? [])]),
  });
}

/** A line that two parts list was replaced by the nearer of the two lines they name. */
function addSuperseded(one: SupersededLines | undefined, other: SupersededLines | undefined): SupersededLines {
  const count = (one?.count ?? 0) + (other?.count ?? 0);
  const byLine = new Map<number, SupersededLine>();
  for (const superseded of [...(one?.lines ?? []), ...(other?.lines ?? [])]) {
    const known = byLine.get(superseded.line);
    if (known === undefined || superseded.by < known.by) byLine.set(superseded.line, superseded);
  }
  const lines = [...byLine.values()].sort((a, b) => a.line - b.line).slice(0, SUPERSEDED_LINES_MAX);
  return { count, lines };
}

/** Warnings of one kind become one. */
function addWarnings(warnings: readonly IngestWarning[]): IngestWarning[] {
  const kinds = [...new Set(warnings.map(({ kind }) => kind))].sort().slice(0, WARNINGS_MAX);
  return kinds.map((kind) => sumOfWarnings(warnings.filter((warning) => warning.kind === kind)));
}

/** The sum has the message of the part that comes first in the file. */
function sumOfWarnings(warnings: readonly IngestWarning[]): IngestWarning {
  const inOrder = warnings.toSorted((a, b) => (a.lines[0] ?? Infinity) - (b.lines[0] ?? Infinity));
  const [first] = inOrder as [IngestWarning];
  const lines = inOrder.flatMap((warning) => warning.lines).sort((a, b) => a - b);
  return {
    ...first,
    count: inOrder.reduce((sum, { count }) => sum + count, 0),
    lines: lines.slice(0, WARNING_LINES_MAX),
  };
}
