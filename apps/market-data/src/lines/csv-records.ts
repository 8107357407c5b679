/** One line's values as places in `bytes`; an absent value has no length. */
export interface Fields {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

const [LF, CR, QUOTE, COMMA] = [10, 13, 34, 44];
/** Most columns of a line, more than any real file has; a line with more is rejected for its number of columns. */
const COLUMNS_MAX = 256;

/**
 * Walks the records of a CSV block (RFC 4180, CRLF or LF) without making a string or an object a line: an import
 * spends most of its time here.
 */
export class CsvRecords implements Fields {
  readonly starts = new Int32Array(COLUMNS_MAX + 1);
  readonly ends = new Int32Array(COLUMNS_MAX + 1);
  bytes: Uint8Array;
  /** Columns of the record. */
  count = 0;
  /** Line of the record's start, from 1 in the file. */
  line: number;
  /** False when a quote of the record is never closed, or closed before its value ends: `"12"34` is neither 12 nor 1234. */
  closed = true;
  #at: number;
  #lines = 0;
  #owned = false;

  constructor(bytes: Uint8Array, firstLine: number) {
    this.bytes = bytes;
    this.line = firstLine;
    // A byte order mark is no part of the first value.
    this.#at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  }

  /** Goes to the next record that is not empty; false at the end. */
  next(): boolean {
    this.#skipEmpty();
    if (this.#at >= this.bytes.length) return false;
    this.line += this.#lines;
    this.#lines = 1;
    this.closed = true;
    this.#read();
    return true;
  }

  #read(): void {
    const { bytes, starts, ends } = this;
    const length = bytes.length;
    let at = this.#at;
    let column = 0;
    if (bytes[at] === QUOTE) {
      this.#readWithQuotes(at, 0);
      return;
    }
    starts[0] = at;
    for (; at < length; at += 1) {
      const byte = bytes[at] as number;
      if (byte > COMMA) continue;
      if (byte === COMMA) {
        ends[column] = at;
        if (column < COLUMNS_MAX) column += 1;
        if (bytes[at + 1] === QUOTE) {
          this.#readWithQuotes(at + 1, column);
          return;
        }
        starts[column] = at + 1;
      } else if (byte === LF) break;
    }
    ends[column] = at > (starts[column] as number) && bytes[at - 1] === CR ? at - 1 : at;
    this.count = column + 1;
    this.#at = at + 1;
  }

  /** Reads the rest of a record from its first quoted value on. Values are unquoted in place, in a copy of the block. */
  #readWithQuotes(from: number, firstColumn: number): void {
    if (!this.#owned) {
      this.bytes = Uint8Array.from(this.bytes);
      this.#owned = true;
    }
    const { bytes, starts, ends } = this;
    let at = from;
    for (let column = firstColumn; ; column = Math.min(column + 1, COLUMNS_MAX)) {
      const quoted = bytes[at] === QUOTE;
      starts[column] = quoted ? at + 1 : at;
      ends[column] = quoted ? this.#unquote(at + 1) : this.#plainEnd(at);
      at = quoted ? this.#behindQuote() : (ends[column] as number);
      this.count = column + 1;
      if (bytes[at] === COMMA) {
        at += 1;
        continue;
      }
      if (!quoted && bytes[at - 1] === CR && at > (starts[column] as number)) ends[column] = at - 1;
      this.#at = at + 1;
      return;
    }
  }

  /** Moves the bytes of a quoted value together, returns where they end, and sets #at behind the closing quote. */
  #unquote(from: number): number {
    const { bytes } = this;
    let to = from;
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        if (bytes[at + 1] !== QUOTE) {
          this.#at = at + 1;
          return to;
        }
        at += 1;
      } else if (byte === LF) this.#lines += 1;
      bytes[to] = byte;
      to += 1;
    }
    this.closed = false;
    this.#at = bytes.length;
    return to;
  }

  /** Where the quoted value's comma or line end is; what stands before it belongs to no value. */
  #behindQuote(): number {
    const { bytes } = this;
    const end = this.#plainEnd(this.#at);
    const carriageReturn = end === this.#at + 1 && bytes[this.#at] === CR && bytes[end] !== COMMA;
    if (end !== this.#at && !carriageReturn) this.closed = false;
    return end;
  }

  #plainEnd(from: number): number {
    const { bytes } = this;
    let at = from;
    while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== LF) at += 1;
    return at;
  }

  #skipEmpty(): void {
    const { bytes } = this;
    for (; this.#at < bytes.length; this.#at += 1) {
      const byte = bytes[this.#at];
      if (byte === LF) this.#lines += 1;
      else if (byte !== CR) return;
    }
  }
}
