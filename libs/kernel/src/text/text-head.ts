import type { Charset } from './charset.js';
import { UnreadableText } from './unreadable-text.js';

/** The first bytes of a stream that {@link openHead} looks at. */
export const HEAD_BYTES = 512;

const SAVE_AS = 'save it as CSV in UTF-8 and send that';
const [xlsx, xls] = ['an Excel workbook (.xlsx) or another ZIP archive', 'an Excel workbook (.xls)'];

/** First bytes of files that are sent in place of text, in hexadecimal. */
const binaries: readonly (readonly [firstBytes: string, what: string])[] = [
  ['504b0304', `This is ${xlsx}; ${SAVE_AS}`],
  ['d0cf11e0a1b11ae1', `This is ${xls}; ${SAVE_AS}`],
  ['50415231', `This is a Parquet file; ${SAVE_AS}`],
  ['4152524f5731', `This is an Arrow file; ${SAVE_AS}`],
  ['894844460d0a1a0a', `This is an HDF5 file; ${SAVE_AS}`],
  ['53514c69746520666f726d61742033', `This is a SQLite database; ${SAVE_AS}`],
  ['255044462d', `This is a PDF document; ${SAVE_AS}`],
  ['1f8b08', 'This is a gzip file; unpack it, or send it to /api/v2/uploads, which unpacks it'],
  ['28b52ffd', 'This is a Zstandard file; unpack it, or pack it with gzip for /api/v2/uploads'],
  ['fd377a585a00', 'This is an xz file; unpack it, or pack it with gzip for /api/v2/uploads'],
  ['425a68', 'This is a bzip2 file; unpack it, or pack it with gzip for /api/v2/uploads'],
  ['377abcaf271c', 'This is a 7z archive; unpack it and send the CSV'],
  ['526172211a07', 'This is a RAR archive; unpack it and send the CSV'],
  ['fffe0000', `This is UTF-32, which is not read; ${SAVE_AS}`],
  ['0000feff', `This is UTF-32, which is not read; ${SAVE_AS}`],
];

const marks: readonly (readonly [firstBytes: string, charset: Charset])[] = [
  ['efbbbf', 'utf-8'],
  ['fffe', 'utf-16le'],
  ['feff', 'utf-16be'],
  ['84319533', 'gb18030'],
];

export interface TextHead {
  /** The encoding that was named or marked; undefined when it must be recognised. */
  readonly charset: Charset | undefined;
  /** Bytes of the byte order mark. */
  readonly markBytes: number;
}

/**
 * What the first bytes say about the encoding. A byte order mark decides; a name that contradicts it is refused.
 * @throws {UnreadableText} for binary files, and where the mark and the name differ
 */
export function openHead(bytes: Buffer, named: Charset | undefined): TextHead {
  const head = bytes.subarray(0, HEAD_BYTES);
  const hex = head.toString('hex', 0, 16);
  const binary = binaries.find(([firstBytes]) => hex.startsWith(firstBytes));
  if (binary !== undefined) throw new UnreadableText(binary[1]);
  const [mark, marked] = marks.find(([firstBytes]) => hex.startsWith(firstBytes)) ?? ['', undefined];
  const charset = marked ?? named;
  if (named !== undefined && charset !== named && !(named.startsWith('utf-16') && charset?.startsWith('utf-16')))
    throw new UnreadableText(`This begins with the byte order mark of ${String(charset)}, but is named ${named}`);
  if (charset?.startsWith('utf-16') !== true && head.includes(0)) {
    throw new UnreadableText(
      'This is no text: it has NUL bytes. Save it as CSV in UTF-8; if it is UTF-16 without a byte order mark, name it with charset=utf-16le',
    );
  }
  return { charset, markBytes: mark.length / 2 };
}
