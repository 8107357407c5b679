const [TAB, LF, COMMA, OPEN, CLOSE, BACKSLASH] = [9, 10, 44, 123, 125, 92];
const [LETTER_L, LETTER_N, LETTER_U] = [76, 78, 85];
/** `\N` becomes `NULL`: so many letters for the backslash, one for the N. */
const NUL = 3;

export interface ColumnArrays {
  readonly arrays: readonly Buffer[];
  /** What they all stand in. */
  readonly memory: Buffer;
}

/**
 * Rows in COPY text format as PostgreSQL array literals, one a column, as bytes. A string for each value would be
 * 150,000 of them a block, all alive at once. Cells are digits, points, dashes, colons, a blank in the middle, or `\N`:
 * nothing an array literal would want quoted.
 */
export function columnArrays(text: Uint8Array): ColumnArrays {
  const widths = widthsOf(text);
  let bytes = 0;
  const starts = widths.map((width) => (bytes += width) - width);
  const out = Buffer.allocUnsafeSlow(bytes);
  for (const start of starts) out[start] = OPEN;
  const ats = starts.map((start) => start + 1);
  const { length } = text;
  let column = 0;
  // The loop uses an index, because an iterator would create one object for each byte.
  for (let from = 0; from < length; from += 1) {
    const byte = text[from] as number;
    let at = ats[column] as number;
    if (byte === BACKSLASH) {
      out[at++] = LETTER_N;
      out[at++] = LETTER_U;
      out[at++] = LETTER_L;
    } else out[at++] = byte === LETTER_N ? LETTER_L : byte === TAB || byte === LF ? COMMA : byte;
    ats[column] = at;
    if (byte === TAB) column += 1;
    else if (byte === LF) column = 0;
  }
  // The comma behind the last cell is where the list ends.
  const arrays = ats.map((end, at) => {
    out[end - 1] = CLOSE;
    return out.subarray(starts[at], end);
  });
  return { arrays, memory: out };
}

/** Bytes of each column: a brace, and every cell with a comma behind it. */
function widthsOf(text: Uint8Array): number[] {
  const widths: number[] = [];
  const { length } = text;
  let column = 0;
  for (let from = 0; from < length; from += 1) {
    const byte = text[from] as number;
    widths[column] = (widths[column] ?? 1) + (byte === BACKSLASH ? NUL : 1);
    if (byte === TAB) column += 1;
    else if (byte === LF) column = 0;
  }
  return widths;
}
