import { Failure, type IngestBarsRequest, type IngestRemarks } from '@mystocks/contracts';
import { cellText } from './bar-cells.js';
import { barFieldOf, barFields, readBarHeader, type BarColumns } from './bar-columns.js';
import { BarReader, type BarReaderOptions } from './bar-reader.js';
import { BarRows } from './bar-rows.js';
import type { Unknown } from './bar-symbols.js';
import { CsvRecords, type Fields } from './csv-records.js';
import { JsonLines } from './json-lines.js';
import { refusals, type Refusal } from './refusals.js';

/** A line that is not stored. */
export interface RefusedLine extends Refusal {
  readonly line: number;
  /** What the line is about, as given. */
  readonly id: string;
}

/** A block, read: rows that may be stored, lines that may not, and why. */
export interface BarBlock {
  readonly total: number;
  readonly daily: BarRows;
  readonly minute: BarRows;
  readonly refused: RefusedLine[];
  readonly unknown: ReadonlyMap<string, Unknown>;
  readonly ignored: string[];
  /** What its report says beside its counts; superseded lines stand in the rows. */
  readonly remarks: Omit<IngestRemarks, 'superseded'>;
}

type Context = Pick<BarReaderOptions, 'ids' | 'nowMs'>;

export function readBarBlock(request: IngestBarsRequest, context: Context): BarBlock {
  return request.format === 'csv' ? readCsv(request, context) : readJson(request, context);
}

function open(
  request: IngestBarsRequest,
  columns: BarColumns,
  context: Context,
): Omit<BarBlock, 'total' | 'ignored' | 'remarks'> & { reader: BarReader } {
  // A row is shorter than its line in nearly every file; the rows grow where it is not.
  const [daily, minute] = [new BarRows(request.body.length), new BarRows(0)];
  const reader = new BarReader(columns, { ...context, timeframe: request.timeframe, daily, minute });
  return { reader, daily, minute, refused: [], unknown: reader.unknown };
}

function readCsv(request: IngestBarsRequest, context: Context): BarBlock {
  if (request.header === undefined) throw new Failure('invalid', 'A CSV block needs the header of its file');
  const { columns, count, ignored } = readBarHeader(request.header);
  const block = open(request, columns, context);
  const records = new CsvRecords(request.body, request.first_line);
  let total = 0;
  while (records.next()) {
    total += 1;
    const refusal = wrongRecord(records, count) ?? block.reader.read(records, records.line);
    if (refusal !== undefined)
      block.refused.push(refused(refusal, records.line, idOf(records, columns, records.count)));
  }
  return { ...block, total, ignored, remarks: {} };
}

function wrongRecord(records: CsvRecords, count: number): Refusal | undefined {
  if (!records.closed) return refusals.quote;
  return records.count === count ? undefined : refusals.columns;
}

const jsonColumns = Object.fromEntries(barFields.map((field, index) => [field, index])) as BarColumns;

function readJson(request: IngestBarsRequest, context: Context): BarBlock {
  const block = open(request, jsonColumns, context);
  const lines = new JsonLines(request.body, request.first_line, {
    count: barFields.length,
    columnOf: (name) => {
      const field = barFieldOf(name);
      return field === undefined ? -1 : jsonColumns[field];
    },
    isNumeric: (column) => column >= jsonColumns.open,
  });
  let total = 0;
  while (lines.next()) {
    total += 1;
    const refusal = lines.refusal ?? block.reader.read(lines, lines.line);
    if (refusal !== undefined)
      block.refused.push(refused(refusal, lines.line, idOf(lines, jsonColumns, barFields.length)));
  }
  return { ...block, total, ignored: [], remarks: {} };
}

const refused = (refusal: Refusal, line: number, id: string): RefusedLine => ({ ...refusal, line, id });

/** What names the line, as far as it has that many values. */
function idOf({ bytes, starts, ends }: Fields, columns: BarColumns, count: number): string {
  const named = [
    columns.symbol,
    columns.code,
    columns.exchange,
    columns.timeframe,
    columns.t,
    columns.date,
    columns.time,
  ];
  return named
    .filter((column) => column >= 0 && column < count)
    .map((column) => cellText(bytes, starts[column] ?? 0, ends[column] ?? 0))
    .filter((text) => text !== '')
    .join(' ')
    .slice(0, 120);
}
