import type { Fields } from './csv-records.js';
import { keyTwice } from './json-keys.js';
import { isReadable } from './plain-text.js';
import { refuseField, refusals, type Refusal } from './refusals.js';

const SCRATCH_BYTES = 16_384;
const VALUE_CHARACTERS_MAX = 200;

/** Keys and values of an object. */
type Members = readonly (readonly [name: string, value: unknown])[];

export interface JsonColumns {
  readonly count: number;
  /** Place of a key's value; -1 for a key that is ignored. */
  readonly columnOf: (name: string) => number;
  /** May be a JSON number; text is allowed everywhere. */
  readonly isNumeric: (column: number) => boolean;
  /** Adds what the request says about lines that do not say it. */
  readonly completed?: (members: Members) => Members;
}

/** Walks the lines of an NDJSON block and lays each object's values out like the columns of a CSV line. */
export class JsonLines implements Fields {
  readonly bytes = Buffer.alloc(SCRATCH_BYTES);
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Number of the current line, from 1 in the file. */
  line: number;
  /** The current line cannot be read. */
  refusal: Refusal | undefined;
  readonly #texts: string[];
  readonly #columns: JsonColumns;
  #next = 0;

  constructor(block: Buffer, firstLine: number, columns: JsonColumns) {
    this.#texts = block
      .toString('utf8')
      .replace(/^\uFEFF/, '')
      .split('\n');
    this.#columns = columns;
    this.starts = new Int32Array(columns.count);
    this.ends = new Int32Array(columns.count);
    this.line = firstLine - 1;
  }

  /** Goes to the next line that is not empty; false at the end. */
  next(): boolean {
    while (this.#next < this.#texts.length) {
      const text = this.#texts[this.#next] ?? '';
      this.#next += 1;
      this.line += 1;
      if (text.trim() === '') continue;
      this.refusal = this.#layOut(text);
      return true;
    }
    return false;
  }

  #layOut(text: string): Refusal | undefined {
    this.starts.fill(0);
    this.ends.fill(0);
    const members = membersOf(text);
    if (!isMembers(members)) return members;
    let at = 0;
    const seen = new Set<number>();
    for (const [name, given] of this.#columns.completed?.(members) ?? members) {
      const column = this.#columns.columnOf(name);
      if (column < 0) return refuseField(name, 'is no field of a line');
      if (seen.has(column)) return refuseField(name, 'is given twice');
      seen.add(column);
      const cell = given === null ? '' : valueText(given, this.#columns.isNumeric(column));
      if (cell === undefined) return refuseField(name, 'has a value of the wrong type, or too long');
      this.starts[column] = at;
      at += this.bytes.write(cell, at);
      this.ends[column] = at;
    }
    return undefined;
  }
}

/** Keys and values of the object that a line is, or why it is refused. */
function membersOf(text: string): Members | Refusal {
  if (!isReadable(text)) return refusals.text;
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refusals.json;
  const members = Object.entries(value);
  const twice = keyTwice(text, members.length);
  return twice === undefined ? members : refuseField(twice, 'is given twice');
}

const isMembers = (read: Members | Refusal): read is Members => Array.isArray(read);

/** May have more digits than a double keeps. */
const LONG_NUMBER = /[\d.]{17}/;
type Revive = (key: string, value: unknown) => unknown;
/** Gives such a number as it is written: its digits are judged as in CSV, instead of being lost without a word. */
const written = ((_key: string, value: unknown, { source }: { readonly source?: string }): unknown =>
  typeof value === 'number' && source !== undefined && LONG_NUMBER.test(source) ? source : value) as Revive;

function parse(text: string): unknown {
  try {
    return JSON.parse(text, LONG_NUMBER.test(text) ? written : undefined);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A JSON number as the shortest text that gives it back; what is too long for its column is judged as in CSV. */
function valueText(value: unknown, numeric: boolean): string | undefined {
  if (typeof value === 'string') return value.length <= VALUE_CHARACTERS_MAX ? value : undefined;
  return numeric && typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}
