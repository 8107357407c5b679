import type { StoredTimeframe } from '@mystocks/contracts';
import { release } from './release.js';

/*
 * A bar's place as one number: instrument, frame, day and minute, most significant first, so that numbers order as
 * bars do. 23 + 3 + 16 + 11 bits = 53, what a double holds exactly.
 */
const MINUTE = 2 ** 11;
const DAY = 2 ** 16;
const FRAME = 2 ** 3;
const FIRST_YEAR = 1990;
const frames: readonly StoredTimeframe[] = ['1Day', '1Min', '5Min', '15Min', '30Min', '60Min'];
const frameMinutes = [0, 1, 5, 15, 30, 60];
const frameOfMinutes = new Map(frameMinutes.map((minutes, frame) => [minutes, frame]));

/** `day` as YYYYMMDD, `minute` of the day; `minutes` 0 for the daily frame. */
export function barKey(instrument: number, minutes: number, day: number, minute: number): number {
  const frame = frameOfMinutes.get(minutes) ?? 0;
  const year = Math.trunc(day / 10_000);
  const packed = (year - FIRST_YEAR) * 512 + Math.trunc((day % 10_000) / 100) * 32 + (day % 100);
  return ((instrument * FRAME + frame) * DAY + packed) * MINUTE + minute;
}

/** A block of a request has few rows, one of a file some 10,000. */
const ROWS_FIRST = 1_024;

/** COPY's word for a value that is not there. */
export const NO_VALUE = String.raw`\N`;

export interface BarPlace {
  readonly instrument: number;
  readonly timeframe: StoredTimeframe;
  /** `YYYY-MM-DD` */
  readonly day: string;
  /** `HH:MM`; `00:00` for a day. */
  readonly time: string;
}

const two = (value: number): string => String(value).padStart(2, '0');

export function barPlace(key: number): BarPlace {
  const minute = key % MINUTE;
  const packed = Math.floor(key / MINUTE) % DAY;
  const group = groupOf(key);
  return {
    instrument: Math.floor(group / FRAME),
    timeframe: frames[group % FRAME] ?? '1Day',
    day: `${Math.floor(packed / 512) + FIRST_YEAR}-${two(Math.floor(packed / 32) % 16)}-${two(packed % 32)}`,
    time: `${two(Math.floor(minute / 60))}:${two(minute % 60)}`,
  };
}

/** The instrument of a bar. */
export const instrumentOf = (key: number): number => Math.floor(key / (MINUTE * DAY * FRAME));

/** Instrument and frame of a bar as one number. */
export const groupOf = (key: number): number => Math.floor(key / (MINUTE * DAY));

/** Day and minute of a bar as one number, in the order of time. */
export const barStamp = (key: number): number => key % (DAY * MINUTE);

/** What the bars of one instrument, frame and day have in common. */
export const dayKeyOf = (key: number): number => Math.floor(key / MINUTE);

/** The minute of the day of a bar. */
export const minuteOf = (key: number): number => key % MINUTE;

/** Minutes of the frame of a {@link dayKeyOf}. */
export const minutesOf = (dayKey: number): number => frameMinutes[Math.floor(dayKey / DAY) % FRAME] ?? 0;

/** Oldest and newest bar of each instrument and frame. */
export function endsOf(keys: Iterable<number>): Map<number, { oldest: number; newest: number }> {
  const ends = new Map<number, { oldest: number; newest: number }>();
  for (const key of keys) {
    const group = groupOf(key);
    const held = ends.get(group);
    if (held === undefined) ends.set(group, { oldest: key, newest: key });
    else if (key < held.oldest) held.oldest = key;
    else if (key > held.newest) held.newest = key;
  }
  return ends;
}

/**
 * Bars of one table in COPY text format, in the order of their lines. Of bars with one place the last one counts; values
 * that it lacks are those of the one before, as when the lines are stored one after the other.
 */
export class BarRows {
  /** Rows that a later line replaced, of this block or of another one of the same file, with that line. */
  readonly superseded = new Map<number, number>();
  /** Rows that are not stored before the end of their file. */
  readonly withheld = new Set<number>();
  // Row numbers are kept in typed arrays, because the garbage collector would move ordinary arrays around while the block is
  // stored.
  #keys = new Float64Array(ROWS_FIRST);
  #lines = new Float64Array(ROWS_FIRST);
  #ends = new Uint32Array(ROWS_FIRST);
  #given = new Uint8Array(ROWS_FIRST);
  #size = 0;
  #out: Buffer;
  #length = 0;
  #newest = -1;
  #rowOf: Map<number, number> | undefined;

  constructor(bytes: number) {
    this.#out = Buffer.allocUnsafeSlow(bytes);
  }

  get size(): number {
    return this.#size;
  }

  /** Rows that are to be stored. */
  get distinct(): number {
    return this.#size - this.superseded.size - this.withheld.size;
  }

  /** Places of all rows. */
  get keys(): Float64Array {
    return this.#keys.subarray(0, this.#size);
  }

  /** Place of a row. */
  keyOf(row: number): number {
    return this.#keys[row] ?? 0;
  }

  /** Line of the file that a row comes from. */
  lineOf(row: number): number {
    return this.#lines[row] ?? 0;
  }

  /** Which of the optional values a row has, a bit each in the order of their columns. */
  givenOf(row: number): number {
    return this.#given[row] ?? 0;
  }

  /** Room for a row of `bytes`; write it, then {@link add} it with its end. */
  room(bytes: number): Buffer {
    if (this.#out.length - this.#length < bytes) {
      const larger = Buffer.allocUnsafeSlow(this.#out.length * 2 + bytes);
      this.#out.copy(larger, 0, 0, this.#length);
      this.#out = larger;
    }
    return this.#out;
  }

  /** Where the next row starts. */
  get end(): number {
    return this.#length;
  }

  /** `given`: which optional values the row has, see {@link givenOf}. */
  add(key: number, line: number, end: number, given = 0): void {
    const row = this.#size;
    let [whole, has] = [end, given];
    if (row === this.#keys.length) this.#grow();
    // Files are mostly in order, so that only a key below the newest one can be a bar that occurred before.
    if (key > this.#newest && this.#rowOf === undefined) this.#newest = key;
    else {
      this.#rowOf ??= rowsOf(this.keys);
      const before = this.#rowOf.get(key);
      if (before !== undefined) {
        this.superseded.set(before, line);
        whole = this.#completed(before, end);
        has |= this.givenOf(before);
      }
      this.#rowOf.set(key, row);
    }
    this.#keys[row] = key;
    this.#lines[row] = line;
    this.#ends[row] = whole;
    this.#given[row] = has;
    this.#size = row + 1;
    this.#length = whole;
  }

  /** Adds a row whose values are given as {@link cells} answers them. */
  addCells(key: number, line: number, cells: readonly string[]): void {
    const text = `${cells.join('\t')}\n`;
    this.add(key, line, this.end + this.room(text.length).write(text, this.end, 'latin1'));
  }

  /** The row's values as text, `\N` for none. */
  cells(row: number): string[] {
    return this.#out.toString('latin1', this.#startOf(row), (this.#ends[row] ?? 0) - 1).split('\t');
  }

  /** All rows to store, ready for COPY. */
  copyText(): Buffer {
    if (this.distinct === this.#size) return this.#out.subarray(0, this.#length);
    return Buffer.concat(this.stored().map((row) => this.#out.subarray(this.#startOf(row), this.#ends[row])));
  }

  /** Numbers of the rows to store. */
  stored(): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.#size; row += 1) {
      if (!this.superseded.has(row) && !this.withheld.has(row)) rows.push(row);
    }
    return rows;
  }

  /** Frees the memory after the rows were stored and their events were built. */
  release(): void {
    for (const memory of [this.#out, this.#keys, this.#lines, this.#ends, this.#given]) release(memory);
  }

  /** Gives the row that is being added the values it lacks and the row before it has; answers where it ends then. */
  #completed(before: number, end: number): number {
    const start = this.#length;
    const given = this.#out.toString('latin1', start, end - 1).split('\t');
    if (!given.includes(NO_VALUE)) return end;
    const known = this.cells(before);
    const text = given.map((cell, column) => (cell === NO_VALUE ? (known[column] ?? cell) : cell)).join('\t');
    return start + this.room(text.length + 1).write(`${text}\n`, start, 'latin1');
  }

  #grow(): void {
    const rows = this.#size * 2;
    this.#keys = moved(this.#keys, new Float64Array(rows));
    this.#lines = moved(this.#lines, new Float64Array(rows));
    this.#ends = moved(this.#ends, new Uint32Array(rows));
    this.#given = moved(this.#given, new Uint8Array(rows));
  }

  #startOf(row: number): number {
    return row === 0 ? 0 : (this.#ends[row - 1] ?? 0);
  }
}

function rowsOf(keys: Float64Array): Map<number, number> {
  const rows = new Map<number, number>();
  for (let row = 0; row < keys.length; row += 1) rows.set(keys[row] as number, row);
  return rows;
}

function moved<Numbers extends Float64Array | Uint32Array | Uint8Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
