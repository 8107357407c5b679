import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, Transform, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { charsetNames, charsetOf, TextReader } from '@mystocks/kernel';

/** What the first lines of a file say about it. */
export interface FileKind {
  readonly kind: 'bars' | 'factors' | 'symbols';
  /** Frame of bars that have a time; nothing for daily bars and for files that say it line by line. */
  readonly timeframe: string | undefined;
}

const FRAMES = [
  [1, '1Min'],
  [5, '5Min'],
  [15, '15Min'],
  [30, '30Min'],
  [60, '60Min'],
] as const;
const CHUNK_BYTES = 256 * 1024;
const PEEK_BYTES = 256 * 1024;

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
  const heard = (): void => undefined;
  if (!(await isGzip(path))) return pipeline(file, counted, heard);
  return pipeline(file, counted, createGunzip({ chunkSize: CHUNK_BYTES }), heard);
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

/** Tells bars, instruments and factors apart by the header, and the frame of minute bars, unless it is given, by the smallest gap between two lines. */
export function kindOf(lines: readonly string[], timeframe?: string): FileKind {
  const names = (lines[0] ?? '')
    .replace(/^\uFEFF/, '')
    .split(',')
    .map((name) => name.trim().replaceAll('"', '').toLowerCase());
  const has = (...wanted: string[]): boolean => wanted.some((name) => names.includes(name));
  if (!has('code', 'symbol')) throw new Error('the first line must name the columns, among them code or symbol');
  if (has('ex_date') && has('factor')) return { kind: 'factors', timeframe: undefined };
  if (has('name') && !has('open', 'o')) return { kind: 'symbols', timeframe: undefined };
  if (!has('open', 'o'))
    throw new Error(
      'the columns are neither those of bars (open …) nor of instruments (name …) nor of factors (ex_date, factor)',
    );
  if (timeframe !== undefined) return { kind: 'bars', timeframe };
  const timeAt = has('time') ? names.indexOf('time') : names.indexOf('t');
  if (timeAt < 0 || has('timeframe')) return { kind: 'bars', timeframe: undefined };
  return { kind: 'bars', timeframe: frameOf(lines.slice(1), timeAt) };
}

function frameOf(lines: readonly string[], timeAt: number): string {
  const minutes = lines.map((line) => minuteOfDay(line.split(',')[timeAt] ?? ''));
  if (minutes.length > 0 && minutes.every((minute) => minute === 0)) return '1Day';
  const gaps = minutes.flatMap((minute, index) => {
    const before = minutes[index - 1];
    // Within a day the time only grows; a step back is the next day or the next code.
    return minute === undefined || before === undefined || minute <= before ? [] : [minute - before];
  });
  const smallest = gaps.reduce((least, gap) => Math.min(least, gap), Infinity);
  const frame = FRAMES.find(([length]) => length === smallest)?.[1];
  if (frame === undefined) throw new Error('cannot tell the timeframe from the first lines: say --timeframe 1Min');
  return frame;
}

function minuteOfDay(text: string): number | undefined {
  const match = /(?:^|[T "])(\d{1,2}):(\d{2})/.exec(text);
  return match === null ? undefined : Number(match[1]) * 60 + Number(match[2]);
}
