import { BLOCK_LINES_MAX, Failure } from '@mystocks/contracts';
import { TextReader, UnreadableText, withTimeLimit } from '@mystocks/kernel';

/** Whole lines in UTF-8. */
export interface Block {
  readonly body: Buffer;
  /** Number of its first line in the stream, from 1. */
  readonly firstLine: number;
  readonly lines: number;
  /** Nothing follows it. Absent where that was not known when the block was full. */
  readonly isLast?: true;
}

export interface Pace {
  /** Bytes of a block, at most; a longer line cannot be taken. */
  readonly blockMax: number;
  /** Lines of a block, at most: a report has room for a reason for each. */
  readonly linesMax: number;
  /** How long nothing may come while more is awaited. */
  readonly idleMaxMs: number;
  /** Slower than this on average, after `graceMs` of waiting, is holding a connection. */
  readonly bytesPerSecondMin: number;
  readonly graceMs: number;
}

/** Blocks of 512 KB fit the bus (8 MB) with room for their report; a slower sender than 10 KB/s is cut off. */
export const defaultPace: Pace = {
  blockMax: 524_288,
  linesMax: BLOCK_LINES_MAX,
  idleMaxMs: 10_000,
  bytesPerSecondMin: 10_240,
  graceMs: 20_000,
};

const NEWLINE = 0x0a;

/**
 * Reads a byte stream as `text` and splits it at line ends into blocks. Reads only as fast as it is asked for blocks, so
 * a slow store slows the sender down instead of filling memory.
 * @throws {Failure} `too_large` for a line longer than a block, `timeout` for a stream that does not move,
 * `unsupported_media` for what is no text
 */
export async function* blocksOf(
  stream: AsyncIterable<Buffer>,
  pace: Pace = defaultPace,
  text: TextReader = new TextReader(),
): AsyncGenerator<Block> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let firstLine = 1;
  function* cut(body: Buffer, isEnd = false): Generator<Block> {
    for (let from = 0; from < body.length;) {
      const { end, lines } = linesFrom(body, from, pace.linesMax);
      const isLast = isEnd && end === body.length;
      yield { body: body.subarray(from, end), firstLine, lines, ...(isLast && { isLast }) };
      firstLine += lines;
      from = end;
    }
  }
  for await (const chunk of readable(text.read(paced(stream, pace)))) {
    held.push(chunk);
    heldBytes += chunk.length;
    while (heldBytes >= pace.blockMax) {
      const all = Buffer.concat(held, heldBytes);
      const end = all.lastIndexOf(NEWLINE, pace.blockMax - 1);
      if (end < 0) throw new Failure('too_large', `Line ${firstLine} is longer than ${pace.blockMax} bytes`);
      yield* cut(all.subarray(0, end + 1));
      held = [all.subarray(end + 1)];
      heldBytes = all.length - end - 1;
    }
  }
  yield* cut(Buffer.concat(held, heldBytes), true);
}

async function* readable(text: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* text;
  } catch (error) {
    throw error instanceof UnreadableText ? new Failure('unsupported_media', error.message, { cause: error }) : error;
  }
}

/** At most `linesMax` lines from a place on: how many there are, and where they end. */
export function linesFrom(
  body: Buffer,
  from: number,
  linesMax: number,
): { readonly lines: number; readonly end: number } {
  let lines = 0;
  let end = from;
  while (end < body.length && lines < linesMax) {
    const at = body.indexOf(NEWLINE, end);
    end = at < 0 ? body.length : at + 1;
    lines += 1;
  }
  return { lines, end };
}

/** Only the time spent waiting for the sender counts, not the time it waits for us. */
async function* paced(stream: AsyncIterable<Buffer>, pace: Pace): AsyncGenerator<Buffer> {
  const iterator = stream[Symbol.asyncIterator]();
  let waitedMs = 0;
  let bytes = 0;
  try {
    for (;;) {
      const askedMs = performance.now();
      const next = await withTimeLimit(pace.idleMaxMs, iterator.next().catch(brokenOff), tooSlow);
      waitedMs += performance.now() - askedMs;
      if (next.done === true) return;
      bytes += next.value.length;
      if (waitedMs > pace.graceMs + (bytes / pace.bytesPerSecondMin) * 1_000) throw tooSlow();
      yield next.value;
    }
  } finally {
    // Not awaited: the end of a stream that stands still would never come, and its end changes nothing.
    iterator.return?.().catch(() => undefined);
  }
}

const tooSlow = (): Failure => new Failure('timeout', 'The body came too slowly; what was stored before stays stored');

function brokenOff(error: unknown): never {
  throw new Failure('invalid', 'The body broke off; what was stored before stays stored', { cause: error });
}
