import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, Transform, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DATE_COLUMNS, strangeColumn } from '@mystocks/calendar';
import { charsetNames, charsetOf, TextReader } from '@mystocks/kernel';
import { frameOf } from './frame.ts';

/** What the first lines of a file say about it. */
export interface FileKind {
  readonly kind: 'bars' | 'calendar' | 'factors' | 'symbols';
  /** Frame of bars that have a time; nothing for daily bars and for files that say it line by line. */
  readonly timeframe: string | undefined;
}

const CHUNK_BYTES = 256 * 1024;
const PEEK_BYTES = 256 * 1024;
/** How the names of an export of TDX begin; a title may stand above them. */
const TDX_NAMES = /^[\s"]*(?:日期|时间)(?:[\s",]|$)/;

const UNKNOWN =
  'the columns are neither those of bars (open …) nor of instruments (name …) nor of factors (ex_date, factor)';

/** A file as a stream of its text, unpacked when it is gzip; `read` hears how many bytes of the file were taken. */
export async function openText(path: string, read: (bytes: number) => void = () => undefined): Promise<Readable> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      read(chunk.length);
      done(null, chunk);
    },
  });
  // The reader hears of a failure: pipeline destroys its last stream with it.
  const ignoreEnd = (): void => undefined;
  if (!(await isGzip(path))) return pipeline(file, counted, ignoreEnd);
  return pipeline(file, counted, createGunzip({ chunkSize: CHUNK_BYTES }), ignoreEnd);
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** Reads the first lines of a file, whose encoding is `encoding` or recognised as the gateway does it. */
export async function peek(path: string, encoding?: string): Promise<string[]> {
  const charset = encoding === undefined ? undefined : charsetOf(encoding);
  if (encoding !== undefined && charset === undefined)
    throw new Error(`--encoding must be one of ${charsetNames.join(', ')}`);
  if (!(await stat(path)).isFile()) throw new Error(`${path} is not a file`);
  const stream = await openText(path);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of new TextReader(charset).read(stream as AsyncIterable<Buffer>)) {
    parts.push(part);
    size += part.length;
    if (size >= PEEK_BYTES) break;
  }
  const lines = Buffer.concat(parts).toString('utf8').split(/\r?\n/);
  // The last one may be cut off.
  return size >= PEEK_BYTES ? lines.slice(0, -1) : lines.filter((line) => line !== '');
}

/** Distinguishes bars, instruments and factors by the header, and the frame of minute bars, unless it is given, by the times of the lines. */
export function kindOf(lines: readonly string[], timeframe?: string): FileKind {
  const first = (lines[0] ?? '').replace(/^\uFEFF/, '');
  const isTitled = TDX_NAMES.test(lines[1] ?? '') && !TDX_NAMES.test(first);
  const { names, rows } = tableOf(isTitled ? lines.slice(1) : [first, ...lines.slice(1)]);
  const has = (...wanted: string[]): boolean => wanted.some((name) => names.includes(name));
  const isBars = has('open', 'o', '开盘');
  if (!isBars && !has('code', 'symbol', 'ts_code') && has(...DATE_COLUMNS)) {
    refuseStrange(names);
    return { kind: 'calendar', timeframe: undefined };
  }
  if (!isBars && !has('code', 'symbol'))
    throw new Error('the first line must name the columns, among them code or symbol');
  if (!isBars && has('ex_date') && has('factor')) return { kind: 'factors', timeframe: undefined };
  if (!isBars && has('name')) return { kind: 'symbols', timeframe: undefined };
  if (!isBars) throw new Error(UNKNOWN);
  // A title names the frame, and so may a line.
  if (timeframe !== undefined || isTitled || has('timeframe')) return { kind: 'bars', timeframe };
  return { kind: 'bars', timeframe: frameOf(names, rows) };
}

/** @throws when a column, such as the close of a series, is not one of a list of trading days */
function refuseStrange(names: readonly string[]): void {
  const strange = strangeColumn(names);
  if (strange === undefined) return;
  throw new Error(`${UNKNOWN} nor of trading days: such a list has no column "${strange}", or has it once only`);
}

/** Names in lower case, and the values of the other lines. */
function tableOf([header = '', ...lines]: readonly string[]): { names: string[]; rows: string[][] } {
  const cellsOf = header.includes('\t')
    ? (line: string) => line.trim().split(/[\t ,]+/)
    : (line: string) => line.split(',').map((cell) => cell.trim().replaceAll('"', ''));
  return { names: cellsOf(header).map((name) => name.toLowerCase()), rows: lines.map(cellsOf) };
}
