import { BarRows, dayKeyOf, minutesOf, NO_VALUE } from '../ingest/rows/bar-rows.js';
import type { BlockRows } from '../ingest/rows/bars-ingest.repository.js';
import { FIRST_OPTIONAL } from './bar-lines.js';

/** A line that is not stored before the end of its load. */
export interface WithheldLine {
  readonly line: number;
  /** The key of its bar. */
  readonly bar: number;
  /** Its row, as COPY takes it. */
  readonly cells: readonly string[];
}

/** By bar: the lines of a load that were not withheld, and which optional values each gives. */
export type OtherLines = ReadonlyMap<number, readonly { readonly line: number; readonly given: number }[]>;

/** What has to be stored at the end of a load. */
export interface RestOfLoad {
  /** Lines that are the last ones for their bars. */
  readonly rows: BlockRows;
  /** Optional values of bars whose last lines were not withheld. */
  readonly filling: BlockRows;
  /** Bars of which the load has several lines. */
  readonly contradicted: readonly number[];
}

export const linesOf = ({ daily, minute }: BlockRows): WithheldLine[] =>
  [daily, minute].flatMap((rows) => rows.stored().map((row) => lineOf(rows, row)));

export const lineOf = (rows: BarRows, row: number): WithheldLine => ({
  line: rows.lineOf(row),
  bar: rows.keyOf(row),
  cells: rows.cells(row),
});

/**
 * Decides about withheld lines, given in the order of the file, once all other lines of the load are stored. A line is
 * replaced by a later line for the same bar, except for the optional values that no later line gives.
 */
export function restOfLoad(lines: readonly WithheldLine[], others: OtherLines): RestOfLoad {
  const [rows, filling] = [noRows(), noRows()];
  const last = new Map(lines.map(({ bar, line }) => [bar, line]));
  const contradicted = new Set<number>();
  for (const { bar, line, cells } of lines) {
    const known = others.get(bar) ?? [];
    const given = known.reduce((bits, other) => (other.line > line ? bits | other.given : bits), 0);
    const kept = cells.map((cell, at) =>
      at >= firstOf(bar) && (given & (1 << (at - firstOf(bar)))) !== 0 ? NO_VALUE : cell,
    );
    const lastLine = last.get(bar) ?? line;
    if (known.length > 0 || lastLine !== line) contradicted.add(bar);
    if (!known.some((other) => other.line > lastLine)) tableOf(rows, bar).addCells(bar, line, kept);
    else if (kept.some((cell, at) => at >= firstOf(bar) && cell !== NO_VALUE)) {
      tableOf(filling, bar).addCells(bar, line, kept);
    }
  }
  return { rows, filling: withoutSuperseded(filling), contradicted: [...contradicted] };
}

const noRows = (): BlockRows => ({ daily: new BarRows(0), minute: new BarRows(0) });
const isDaily = (bar: number): boolean => minutesOf(dayKeyOf(bar)) === 0;
const tableOf = ({ daily, minute }: BlockRows, bar: number): BarRows => (isDaily(bar) ? daily : minute);
const firstOf = (bar: number): number => (isDaily(bar) ? FIRST_OPTIONAL.daily : FIRST_OPTIONAL.minute);

function withoutSuperseded(rows: BlockRows): BlockRows {
  const last = noRows();
  for (const { bar, line, cells } of linesOf(rows)) tableOf(last, bar).addCells(bar, line, cells);
  return last;
}
