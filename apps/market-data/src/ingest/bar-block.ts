import { Failure, remarksOf, type IngestBarsRequest, type IngestRemarks } from '@mystocks/contracts';
import { ClosedDayFactors } from '../factors/closed-day-factors.js';
import type { GivenFactor } from '../factors/factor-lines.js';
import { cellText } from '../lines/bar-cells.js';
import { barFieldOf, barFields, type BarColumns, type BarField } from '../lines/bar-columns.js';
import type { BarReaderOptions } from './read/bar-reader.js';
import { BarRows } from './rows/bar-rows.js';
import type { Unknown } from './read/bar-symbols.js';
import { CsvRecords, type Fields } from '../lines/csv-records.js';
import { endedDays, framesOf, startedDays, tradedOpenings } from './day-stamps.js';
import { readBarHeader, type BarHeader } from './dialects/bar-header.js';
import { conversionOf } from './dialects/layouts.js';
import { LineReader, ownColumns, type FileHeader } from './dialects/line-reader.js';
import { isSourceLine, tdxAsCsv } from './dialects/tdx-lines.js';
import { JsonLines } from '../lines/json-lines.js';
import { printable } from '../lines/plain-text.js';
import { refusals, type Refusal } from '../lines/refusals.js';

/** A line that is not stored. */
export interface RefusedLine extends Refusal {
  readonly line: number;
  /** The text that names the subject of the line, as given. */
  readonly id: string;
}

/** The result of reading a block: the rows to store, and the rejected lines with their reasons. */
export interface BarBlock {
  readonly total: number;
  readonly daily: BarRows;
  readonly minute: BarRows;
  readonly refused: RefusedLine[];
  /** Factors of daily bars that were rejected only because the market was closed on their day. */
  readonly factors: readonly GivenFactor[];
  readonly unknown: ReadonlyMap<string, Unknown>;
  /** Frames, in minutes, that have days rejected because their stamps are not the ends of their bars. */
  readonly refusedFrames: ReadonlySet<number>;
  readonly ignored: string[];
  /** The remarks of the report; superseded lines are in the rows. */
  readonly remarks: Omit<IngestRemarks, 'superseded'>;
}

type Context = Pick<BarReaderOptions, 'ids' | 'nowMs' | 'refusedDays'>;
type ReadBlock = Omit<BarBlock, 'refusedFrames'> & Pick<LineReader, 'markedDays'>;
/** `refusedFrames`: those of earlier blocks of the file. */
type BlockContext = Pick<BarReaderOptions, 'ids' | 'nowMs'> & Partial<Pick<BarBlock, 'refusedFrames'>>;

/** Reads a block. Minute bars are also judged by whole days; when that rejects some, the block is read again without them. */
export function readBarBlock(request: IngestBarsRequest, context: BlockContext): BarBlock {
  const read = (refusedDays: Context['refusedDays']): ReadBlock =>
    (request.format === 'csv' ? readCsv : readJson)(request, { ...context, refusedDays });
  const { markedDays, ...block } = read(new Map());
  const judge = request.stamps === 'start' ? endedDays : startedDays;
  const frames = context.refusedFrames ?? new Set();
  const refusedDays = judge({
    keys: block.minute.keys,
    marked: markedDays,
    traded: tradedOpenings(block.minute, request.stamps),
    frames,
  });
  const refusedFrames = framesOf(refusedDays.keys());
  if (refusedDays.size === 0) return { ...block, refusedFrames };
  for (const rows of [block.daily, block.minute]) rows.release();
  return { ...read(refusedDays), refusedFrames };
}

interface OpenBlock extends Pick<BarBlock, 'daily' | 'minute' | 'refused'> {
  readonly lines: LineReader;
  /** One rejected line rejects the whole block, including the factor of that line. */
  readonly isAllOrNothing: boolean;
}

function open(
  request: IngestBarsRequest,
  header: FileHeader & Pick<BarHeader, 'dialect'>,
  context: Context,
): OpenBlock {
  // In nearly every file a row is shorter than its line; the buffer of the rows grows where it is not.
  const [daily, minute] = [new BarRows(request.body.length), new BarRows(0)];
  const lines = new LineReader(header, {
    ...context,
    timeframe: request.timeframe,
    stamps: request.stamps,
    dialect: header.dialect,
    daily,
    minute,
  });
  return { lines, daily, minute, refused: [], isAllOrNothing: request.on_error === 'abort' };
}

function close(
  { lines, isAllOrNothing, ...block }: OpenBlock,
  read: Pick<BarBlock, 'total' | 'ignored' | 'remarks'>,
): ReadBlock {
  const { rounded, unknown, markedDays } = lines;
  const { factors, warnings: keptFactors } = isAllOrNothing ? new ClosedDayFactors() : lines.closedDayFactors;
  const remarks = remarksOf({ ...read.remarks, rounded, warnings: [...lines.warnings, ...keptFactors] });
  return { ...block, ...read, factors, unknown, markedDays, remarks };
}

function readCsv(request: IngestBarsRequest, context: Context): ReadBlock {
  if (request.header === undefined) throw new Failure('invalid', 'A CSV block needs the header of its file');
  const header = readBarHeader(request.header, request);
  const { dialect, layout, columns, count, ignored } = header;
  const isTdx = layout?.titled === true;
  const block = open(request, header, context);
  const records = new CsvRecords(isTdx ? tdxAsCsv(request.body) : request.body, request.first_line);
  let total = 0;
  while (records.next()) {
    if (isTdx && isSourceLine(cellText(records.bytes, records.starts[0] ?? 0, records.ends[0] ?? 0))) continue;
    total += 1;
    const refusal = wrongRecord(records, count) ?? block.lines.read(records, records.line);
    if (refusal !== undefined)
      block.refused.push(refused(refusal, records.line, idOf(records, columns, records.count)));
  }
  const conversion = layout === undefined ? undefined : conversionOf(layout);
  const remarks = { dialect, ...(conversion === undefined ? {} : { conversion }) };
  return close(block, { total, ignored, remarks });
}

function wrongRecord(records: CsvRecords, count: number): Refusal | undefined {
  if (!records.closed) return refusals.quote;
  return records.count === count ? undefined : refusals.columns;
}

/** The keys that name the instrument of a line; a line with one of them, even empty, takes no other instrument. */
const naming: ReadonlySet<string> = new Set<BarField>(['code', 'exchange', 'symbol']);

function readJson(request: IngestBarsRequest, context: Context): ReadBlock {
  if (request.dialect !== undefined && request.dialect !== 'mystocks') {
    throw new Failure('unprocessable', 'format= is for CSV; the keys of NDJSON and JSON are those of mystocks');
  }
  const header = {
    dialect: 'mystocks' as const,
    columns: ownColumns,
    layout: undefined,
    title: undefined,
    adjusted: -1,
    symbol: undefined,
  };
  const { symbol } = request;
  const block = open(request, header, context);
  const lines = new JsonLines(request.body, request.first_line, {
    count: barFields.length,
    columnOf: (name) => {
      const field = barFieldOf(name);
      return field === undefined ? -1 : ownColumns[field];
    },
    isNumeric: (column) => column >= ownColumns.open,
    completed: (members) =>
      symbol === undefined || members.some(([name]) => naming.has(name)) ? members : [...members, ['symbol', symbol]],
  });
  let total = 0;
  while (lines.next()) {
    total += 1;
    const refusal = lines.refusal ?? block.lines.read(lines, lines.line);
    if (refusal !== undefined)
      block.refused.push(refused(refusal, lines.line, idOf(lines, ownColumns, barFields.length)));
  }
  return close(block, { total, ignored: [], remarks: {} });
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
  const texts = named
    .filter((column) => column >= 0 && column < count)
    .map((column) => cellText(bytes, starts[column] ?? 0, ends[column] ?? 0));
  return printable(texts.filter((text) => text !== '').join(' '), 120);
}
