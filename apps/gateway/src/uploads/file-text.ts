import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Failure } from '@mystocks/contracts';
import type { Charset } from '@mystocks/kernel';
import type { UploadedFile } from './upload-form.js';

/** The lines of a file as bytes, unpacked. */
export interface FileText {
  readonly format: 'csv' | 'ndjson';
  /** The encoding that the sender named. */
  readonly charset: Charset | undefined;
  readonly chunks: AsyncIterable<Buffer>;
}

export interface FileLimits {
  /** Bytes as they come. */
  readonly packedMax: number;
  /** Bytes of text. */
  readonly textMax: number;
  /** A file that unpacks to more than so many times its size is a trap; real bars reach 10. */
  readonly ratioMax: number;
  /** Bytes of text below which the ratio says nothing. */
  readonly ratioFrom: number;
}

const defaultLimits: FileLimits = { packedMax: 2 ** 30, textMax: 2 ** 31, ratioMax: 100, ratioFrom: 2 ** 24 };
const HEAD_BYTES = 512;
/** Of UTF-8, UTF-16 and GB18030, byte by byte. */
const BYTE_ORDER_MARK = /^(?:\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff|\u0084\u0031\u0095\u0033)/;
/** What a form holds beside its file, at most. */
const AROUND_FILE_BYTES = 65_536;

/** Refuses a form that says it is too large before it is read. @throws {Failure} `too_large` */
export function checkLength(contentLength: string | undefined): void {
  if (Number(contentLength ?? 0) > defaultLimits.packedMax + AROUND_FILE_BYTES)
    throw tooLarge(`A file has at most ${defaultLimits.packedMax} bytes`);
}

/**
 * The text of a CSV or NDJSON file, gzipped or plain; what is in the file decides. Unpacks as fast as it is read.
 * @throws {Failure} `unsupported_media` for anything else, `invalid` when it is empty; the chunks `too_large`
 */
export async function textOf(
  file: UploadedFile,
  charset: Charset | undefined,
  limits: FileLimits = defaultLimits,
): Promise<FileText> {
  const packed = await withHead(file.chunks);
  const isGzip = packed.head[0] === 0x1f && packed.head[1] === 0x8b;
  const text = await withHead(limited(packed.all, isGzip, limits));
  return { format: formatOf(text.head, file), charset, chunks: text.all };
}

async function* limited(source: AsyncIterable<Buffer>, isGzip: boolean, limits: FileLimits): AsyncGenerator<Buffer> {
  let [packed, unpacked] = [0, 0];
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      packed += chunk.length;
      if (packed > limits.packedMax) throw tooLarge(`A file has at most ${limits.packedMax} bytes`);
      yield chunk;
    }
  };
  for await (const chunk of isGzip ? gunzipped(counted()) : counted()) {
    unpacked += chunk.length;
    if (unpacked > limits.textMax) throw tooLarge(`A file unpacks to at most ${limits.textMax} bytes`);
    if (unpacked > limits.ratioFrom && unpacked > packed * limits.ratioMax) {
      throw tooLarge(`The file unpacks to more than ${limits.ratioMax} times its size`);
    }
    yield chunk;
  }
}

const tooLarge = (message: string): Failure => new Failure('too_large', `${message}; nothing was stored`);

async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 65_536 });
  // The reader below hears what goes wrong.
  pipeline(Readable.from(source, { objectMode: false }), gunzip, () => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (error) {
    throw error instanceof Failure ? error : damaged(error);
  }
}

const damaged = (cause: unknown): Failure =>
  new Failure('invalid', 'The gzip file is damaged or cut off; nothing was stored', { cause });

interface WithHead {
  /** The first bytes, fewer only when there are no more. */
  readonly head: Buffer;
  /** All of it, the head included. */
  readonly all: AsyncGenerator<Buffer>;
}

async function withHead(source: AsyncIterable<Buffer>): Promise<WithHead> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  let bytes = 0;
  while (bytes < HEAD_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    bytes += next.value.length;
  }
  const rest: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => iterator };
  const all = async function* (): AsyncGenerator<Buffer> {
    // Let go of as soon as they are handed on.
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk;
    yield* rest;
  };
  return { head: Buffer.concat(chunks).subarray(0, HEAD_BYTES), all: all() };
}

/** By its first character; a name or a content type that says something else is refused, not believed. */
function formatOf(head: Buffer, { name, type }: UploadedFile): 'csv' | 'ndjson' {
  if (head.length === 0) throw new Failure('invalid', 'The file is empty');
  // The zero bytes are those of UTF-16.
  const first = head
    .toString('latin1')
    .replace(BYTE_ORDER_MARK, '')
    .replace(/^[\s\0]+/, '')
    .charAt(0);
  if (first === '[')
    throw unsupported('A JSON list is no NDJSON: write one object a line, without the list around them');
  const seen = first === '{' ? 'ndjson' : 'csv';
  const told = formatNamed(name ?? '') ?? formatOfType(type);
  if (told !== undefined && told !== seen) throw unsupported(`The file is called ${told} but holds ${seen}`);
  return seen;
}

function formatNamed(name: string): 'csv' | 'ndjson' | undefined {
  const ending = /\.(csv|ndjson|jsonl)(?:\.gz)?$/i.exec(name)?.[1]?.toLowerCase();
  return ending === undefined ? undefined : ending === 'csv' ? 'csv' : 'ndjson';
}

function formatOfType(type: string): 'csv' | 'ndjson' | undefined {
  if (type === 'text/csv') return 'csv';
  return type === 'application/x-ndjson' || type === 'application/jsonl' ? 'ndjson' : undefined;
}

const unsupported = (message: string): Failure => new Failure('unsupported_media', message);
