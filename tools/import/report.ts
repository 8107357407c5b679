/** A line that was not stored. */
export interface RefusedLine {
  readonly line: number;
  readonly id: string;
  readonly status: number;
  readonly error: { readonly code: number; readonly message: string };
}

/** What the gateway answers to a batch, without its refused lines. */
export interface BatchAnswer {
  readonly summary: {
    readonly total: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly inserted?: number;
    readonly updated?: number;
    readonly unchanged?: number;
  };
  readonly ignored_columns?: readonly string[];
  readonly registered?: readonly string[];
  /** How the file was encoded. */
  readonly encoding?: string;
  /** The source whose columns and units the file has. */
  readonly format?: string | null;
  readonly conversion?: string | null;
  /** Values that were rounded because only arithmetic noise stood beyond their last decimal. */
  readonly rounded?: number;
  readonly warnings?: readonly FileWarning[];
  /** Lines that a later line of the file replaced. */
  readonly superseded?: { readonly count: number; readonly lines: readonly { line: number; by: number }[] };
  /** Nothing was stored. */
  readonly dry_run?: boolean;
}

/** Something suspicious that was stored all the same. */
interface FileWarning {
  readonly kind: string;
  readonly count: number;
  /** The first lines that it is about. */
  readonly lines: readonly number[];
  readonly message: string;
}

/** The refused lines of a file: the first of them, and where all of them are. */
interface RejectedLines {
  readonly first: readonly RefusedLine[];
  readonly file: string | undefined;
  /** Why not all of them could be written to the file. */
  readonly unwritten?: string | undefined;
}

/** Refused lines that a person is shown. */
export const SHOWN_MAX = 20;
const WARNING_LINES_SHOWN = 5;
const count = (value: number): string => value.toLocaleString('en-US');

/** The report for people. */
export function reportOf(answer: BatchAnswer, seconds: number, rejected: RejectedLines): string {
  const { total, succeeded, failed, inserted, updated, unchanged } = answer.summary;
  const details =
    inserted === undefined
      ? ''
      : ` (${count(inserted)} new, ${count(updated ?? 0)} changed, ${count(unchanged ?? 0)} unchanged)`;
  const lines = [
    `${count(total)} lines in ${seconds.toFixed(1)} s, ${count(Math.round(total / Math.max(seconds, 0.001)))} lines/s`,
    `  ${answer.dry_run === true ? 'good, not stored' : 'stored   '} ${count(succeeded)}${details}`,
    `  refused   ${count(failed)}`,
  ];
  const { encoding = 'utf-8' } = answer;
  if (encoding !== 'utf-8') lines.push(`  encoding  ${encoding}`);
  lines.push(...readingOf(answer));
  const ignored = answer.ignored_columns ?? [];
  if (ignored.length > 0) lines.push(`  ignored columns: ${ignored.join(', ')}`);
  const registered = answer.registered ?? [];
  if (registered.length > 0)
    lines.push(
      `  ${answer.dry_run === true ? 'would register' : 'registered'} ${count(registered.length)} instruments that no list had named`,
    );
  for (const { line, id, error } of rejected.first) lines.push(`  line ${String(line)}  ${id}  ${error.message}`);
  if (failed > rejected.first.length) lines.push(`  … and ${count(failed - rejected.first.length)} more`);
  if (rejected.file !== undefined) lines.push(whereRefused(rejected.file, rejected.unwritten));
  return lines.join('\n');
}

const whereRefused = (file: string, unwritten?: string): string =>
  unwritten === undefined
    ? `  all refused lines: ${file}`
    : `  the refused lines could not be written to ${file}: ${unwritten}`;

/** How the values of the file were understood, where that is not as they stand. */
function readingOf({ format, conversion, rounded = 0, warnings = [], superseded }: BatchAnswer): string[] {
  const lines: string[] = [];
  const isForeign = typeof format === 'string' && format !== 'mystocks';
  if (isForeign) lines.push(`  format    ${[format, conversion ?? 'no conversion'].join(': ')}`);
  if (rounded > 0) lines.push(`  rounded   ${count(rounded)} values (arithmetic noise)`);
  if (superseded !== undefined && superseded.count > 0) {
    const pairs = superseded.lines.slice(0, WARNING_LINES_SHOWN).map(({ line, by }) => `${line} by ${by}`);
    const rest = superseded.count > pairs.length ? ' …' : '';
    lines.push(
      `  replaced  ${count(superseded.count)} lines by later ones for the same bar (${pairs.join(', ')}${rest})`,
    );
  }
  for (const warning of warnings) {
    const places = warning.lines.slice(0, WARNING_LINES_SHOWN).join(', ');
    lines.push(`  warning   ${count(warning.count)} lines (${places}${more(warning)}): ${warning.message}`);
  }
  return lines;
}

const more = (warning: FileWarning): string => (warning.count > WARNING_LINES_SHOWN ? ' …' : '');

/** First line of the file of refused lines. */
export const REJECTED_HEADER = 'line,id,code,message\n';

/** A refused line as a line of CSV. */
export const rejectedRow = ({ line, id, error }: RefusedLine): string =>
  `${[String(line), id, String(error.code), error.message].map(cell).join(',')}\n`;

// A leading = + - @ would be run as a formula by a spreadsheet.
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
