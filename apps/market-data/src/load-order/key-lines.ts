import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** A key for each row that a block of a file would store, with the line of the file that the row comes from. */
export interface KeyLines {
  /** The keys are distinct. */
  readonly keys: Float64Array;
  readonly lines: Float64Array;
  /** Which of the values that a line may lack each row has, a bit each. */
  readonly given: Uint8Array;
}

const BYTES_OF_A_NUMBER = 8;
/** Key, line, and the bits of its values. */
const BYTES_OF_A_ROW = 2 * BYTES_OF_A_NUMBER + 1;

/**
 * Packs keys and lines as compressed differences from row to row, which repeat in most files. 10,000 rows in order take
 * about 1 KB.
 */
export function packKeyLines({ keys, lines, given }: KeyLines): Buffer {
  const steps = new Float64Array(keys.length + lines.length);
  keys.forEach((key, row) => (steps[row] = key - (keys[row - 1] ?? 0)));
  lines.forEach((line, row) => (steps[keys.length + row] = line - (lines[row - 1] ?? 0)));
  return deflateRawSync(Buffer.concat([Buffer.from(steps.buffer), given]), { level: 1 });
}

export function unpackKeyLines(packed: Uint8Array): KeyLines {
  const bytes = inflateRawSync(packed);
  const rows = bytes.length / BYTES_OF_A_ROW;
  // The bytes are copied into a new buffer, because numbers of 8 bytes must begin at a multiple of 8.
  const sums = new Float64Array(2 * rows);
  const ofNumbers = sums.byteLength;
  Buffer.from(sums.buffer).set(bytes.subarray(0, ofNumbers));
  for (let at = 1; at < sums.length; at += 1) if (at !== rows) sums[at] = (sums[at] ?? 0) + (sums[at - 1] ?? 0);
  return { keys: sums.subarray(0, rows), lines: sums.subarray(rows), given: new Uint8Array(bytes.subarray(ofNumbers)) };
}
