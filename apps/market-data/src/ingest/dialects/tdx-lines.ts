const [TAB, LF, CR, SPACE, COMMA] = [9, 10, 13, 32, 44];
const SOURCE = /^#?\s*数据来源/;

const isBetween = (byte: number | undefined): boolean =>
  byte === TAB || byte === SPACE || byte === COMMA || byte === CR;

/**
 * An export of TDX as CSV: its values stand between tabs, commas or blanks, as its user chose, and hold none of them.
 * The copy is not longer than the block.
 */
export function tdxAsCsv(body: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(body.length);
  let to = 0;
  let isPending = false;
  for (const byte of body) {
    if (isBetween(byte)) {
      isPending = true;
      continue;
    }
    const isInside = to > 0 && out[to - 1] !== LF;
    if (isPending && isInside && byte !== LF) out[to++] = COMMA;
    isPending = false;
    out[to++] = byte;
  }
  return out.subarray(0, to);
}

/** True for the last line of an export, which names its source. */
export const isSourceLine = (line: string): boolean => SOURCE.test(line);
