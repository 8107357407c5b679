import { Failure } from '@mystocks/contracts';
import { linesFrom, type Block } from './blocks.js';

/** A CSV: its header, and the lines behind it in blocks. */
interface CsvLines {
  /** The names of the columns; in an export of TDX its title and the names, one line each. */
  readonly header: string;
  /** Number of the first line behind the header. */
  readonly firstLine: number;
  readonly blocks: AsyncGenerator<Block>;
}

/** Characters of a header, as the services take it (`IngestRequest.header`). */
const HEADER_MAX = 4_000;
const UNREADABLE =
  'The header is neither UTF-8 nor GB18030, or is damaged; save the file in UTF-8, or name its encoding with charset=';
/** How the names of the columns begin below a title line. */
const TDX_NAMES = /^[\s"]*(?:日期|时间)(?:[\s",]|$)/;

/**
 * Takes the header off a CSV and hands on the rest with the line numbers of the whole file.
 * @throws {Failure} `invalid` for a first line that can be no header
 */
export async function withoutHeader(blocks: AsyncGenerator<Block>): Promise<CsvLines> {
  const first = await blocks.next();
  if (first.done === true) return { header: '', firstLine: 2, blocks };
  const { body, isLast } = first.value;
  try {
    const { header, lines, end } = cutHeader(body);
    const [rest, firstLine] = [body.subarray(end), lines + 1];
    const block = { body: rest, firstLine, lines: linesFrom(rest, 0, Infinity).lines, ...(isLast && { isLast }) };
    return { header, firstLine, blocks: prepended(block, blocks) };
  } catch (error) {
    // Lets go of the stream, so that the rest of it can be discarded.
    blocks.return(undefined).catch(() => undefined);
    throw error;
  }
}

function cutHeader(body: Buffer): { readonly header: string; readonly lines: number; readonly end: number } {
  const one = linesFrom(body, 0, 1).end;
  const two = linesFrom(body, one, 1).end;
  const first = lineOf(body.subarray(0, one));
  const second = lineOf(body.subarray(one, two));
  if (!TDX_NAMES.test(second) || TDX_NAMES.test(first)) return { header: checked(first), lines: 1, end: one };
  return { header: `${checked(first)}\n${checked(second)}`, lines: 2, end: two };
}

const lineOf = (bytes: Buffer): string =>
  bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$|\r$/, '');

function checked(line: string): string {
  const wrong = wrongHeader(line);
  if (wrong !== undefined) throw new Failure('invalid', wrong);
  return line;
}

function wrongHeader(line: string): string | undefined {
  if (line === '') return 'The first line is empty; it must name the columns';
  if (line.length > HEADER_MAX) return 'The header has more than 4,000 characters';
  if (line.includes('\t') && !TDX_NAMES.test(line))
    return 'The header has tabs; the columns of a CSV stand between commas';
  if (line.includes('\uFFFD')) return UNREADABLE;
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line)) return 'The header has control characters';
  if (line.replace(/[^"]/g, '').length % 2 === 1) return 'A quoted name of the header is not closed in its line';
  if (/^[^,]+;[^,]+$/.test(line)) return 'The header has semicolons; the columns of a CSV stand between commas';
  return undefined;
}

async function* prepended(block: Block, blocks: AsyncGenerator<Block>): AsyncGenerator<Block> {
  if (block.body.length > 0) yield block;
  yield* blocks;
}
