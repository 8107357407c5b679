/** What the gateway answers to a batch (SURFACE.md §4). */
export interface BatchAnswer {
  readonly summary: {
    readonly total: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly inserted?: number;
    readonly updated?: number;
    readonly unchanged?: number;
  };
  readonly items: readonly {
    readonly index: number;
    readonly line?: number;
    readonly id: string;
    readonly status: number;
    readonly error?: { readonly code: number; readonly message: string };
  }[];
  readonly items_truncated?: boolean;
  readonly ignored_columns?: readonly string[];
  readonly registered?: readonly string[];
}

const SHOWN_MAX = 20;
const count = (value: number): string => value.toLocaleString('en-US');

/** The lines that were refused. */
export const refusedOf = (answer: BatchAnswer): BatchAnswer['items'] =>
  answer.items.filter(({ status }) => status >= 400);

/** The report for people. */
export function reportOf(answer: BatchAnswer, seconds: number, rejectedFile: string | undefined): string {
  const { total, succeeded, failed, inserted, updated, unchanged } = answer.summary;
  const details =
    inserted === undefined
      ? ''
      : ` (${count(inserted)} new, ${count(updated ?? 0)} changed, ${count(unchanged ?? 0)} unchanged)`;
  const lines = [
    `${count(total)} lines in ${seconds.toFixed(1)} s, ${count(Math.round(total / Math.max(seconds, 0.001)))} lines/s`,
    `  stored    ${count(succeeded)}${details}`,
    `  refused   ${count(failed)}`,
  ];
  const ignored = answer.ignored_columns ?? [];
  if (ignored.length > 0) lines.push(`  ignored columns: ${ignored.join(', ')}`);
  const registered = answer.registered ?? [];
  if (registered.length > 0) lines.push(`  registered ${count(registered.length)} instruments that no list had named`);
  const refused = refusedOf(answer);
  for (const { line, index, id, error } of refused.slice(0, SHOWN_MAX)) {
    lines.push(`  line ${String(line ?? index + 2)}  ${id}  ${error?.message ?? 'refused'}`);
  }
  if (refused.length > SHOWN_MAX) lines.push(`  … and ${count(failed - SHOWN_MAX)} more`);
  if (rejectedFile !== undefined)
    lines.push(`  all refused lines${answer.items_truncated === true ? ' that were told' : ''}: ${rejectedFile}`);
  return lines.join('\n');
}

/** The refused lines as CSV. */
export function rejectedCsv(answer: BatchAnswer): string {
  const rows = refusedOf(answer).map(({ line, index, id, error }) =>
    [String(line ?? index + 2), id, String(error?.code ?? ''), error?.message ?? 'refused'].map(cell).join(','),
  );
  return ['line,id,code,reason', ...rows, ''].join('\n');
}

// A leading = + - @ would be run as a formula by a spreadsheet.
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
