import { readDecimal } from '../../lines/bar-cells.js';
import { barFields, type BarColumns, type BarField } from '../../lines/bar-columns.js';
import type { Fields } from '../../lines/csv-records.js';
import { numberRules, type NumberField, type NumberRule } from '../../numbers/number-rules.js';
import { hasThousands, isMissing, plainDecimal } from '../../numbers/plain-decimal.js';
import { refusals, type Refusal } from '../../lines/refusals.js';
import type { Layout } from './layouts.js';
import { readClock, readStamp } from './spellings.js';

/** Most bytes of a value that are read; no value of a bar is longer. */
const VALUE_MAX = 200;
/** Replaces a longer value; no field can be read from it. */
const UNREADABLE = '?';
const [TAB, SPACE] = [9, 32];
/** Quotation marks after a blank do not quote (RFC 4180), but they are not part of the value either. */
const QUOTED = /^"([^"]*)"$/;
const PREFIX_WITH_POINT = /^(sh|sz|bj)\.(?=\d{6}$)/i;

interface Source {
  readonly field: BarField;
  /** Column of the file. */
  readonly from: number;
  /** Place in this line. */
  readonly to: number;
}

/** A line written again in our own spelling: values without blanks around them, plain decimals in shares and yuan. */
export class PlainFields implements Fields {
  readonly bytes = Buffer.alloc((barFields.length + 1) * VALUE_MAX);
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Values of the line that were rounded because only noise stood beyond their scale. */
  rounded = 0;
  /** Reasons for values that need a more exact reason than that of their column. */
  refusal: Refusal | undefined;
  readonly #sources: readonly Source[];
  readonly #layout: Layout | undefined;
  readonly #targets: BarColumns;
  #at = 0;
  #changed = false;

  /** `columns` is where values stand in the file, `targets` where they stand here. */
  constructor(columns: BarColumns, targets: BarColumns, layout: Layout | undefined) {
    this.#layout = layout;
    this.#targets = targets;
    this.#sources = barFields
      .filter((field) => columns[field] >= 0)
      .map((field) => ({ field, from: columns[field], to: targets[field] }));
    const count = Math.max(...Object.values(targets)) + 1;
    this.starts = new Int32Array(count);
    this.ends = new Int32Array(count);
  }

  /** Converts a line; returns false when it was in our own spelling already. */
  take({ bytes, starts, ends }: Fields): boolean {
    this.rounded = 0;
    this.refusal = undefined;
    this.#at = 0;
    this.#changed = false;
    this.starts.fill(0);
    this.ends.fill(0);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const { field, from, to } of this.#sources) {
      const [start, end] = [starts[from] as number, ends[from] as number];
      const text = valueText(buffer, start, end);
      const spelled = isNumber(field) ? this.#number(field, text) : this.#other(field, text);
      if (spelled !== text || text.length !== end - start) this.#changed = true;
      this.#write(to, spelled);
    }
    return this.#changed;
  }

  #number(field: NumberField, text: string): string {
    if (text === '') return text;
    const rule = numberRules[field];
    const shift = this.#shift(field);
    if (shift === 0 && isPlain(text, rule)) return text;
    const plain = plainDecimal(text, { scale: rule.scale, shift });
    if (plain !== undefined) {
      if (plain.rounded) this.rounded += 1;
      return plain.text;
    }
    if (isMissing(text)) return '';
    if (hasThousands(text)) this.refusal = refusals.thousands;
    return text;
  }

  #shift(field: NumberField): number {
    if (field === 'volume') return this.#layout?.volumeShift ?? 0;
    return field === 'amount' ? (this.#layout?.amountShift ?? 0) : 0;
  }

  #other(field: BarField, text: string): string {
    if (this.#layout === undefined) return text;
    if (field === 'symbol') return text.replace(PREFIX_WITH_POINT, '$1');
    if (field === 'time') return readClock(text) ?? text;
    if (field !== 'date') return text;
    const stamp = readStamp(text, { monthFirst: this.#layout.titled === true });
    if (stamp === undefined) return text;
    this.#write(this.#targets.time, stamp.time);
    return stamp.date;
  }

  #write(to: number, text: string): void {
    this.starts[to] = this.#at;
    this.#at += this.bytes.write(text, this.#at, 'latin1');
    this.ends[to] = this.#at;
  }
}

const isNumber = (field: BarField): field is NumberField => Object.hasOwn(numberRules, field);
const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB;

/** Returns the value without the blanks around it, which never count towards its length. */
function valueText(bytes: Buffer, start: number, end: number): string {
  let [from, to] = [start, end];
  while (from < to && isBlank(bytes[from])) from += 1;
  while (from < to && isBlank(bytes[to - 1])) to -= 1;
  if (to - from > VALUE_MAX) return UNREADABLE;
  return bytes
    .toString('latin1', from, to)
    .replace(QUOTED, '$1')
    .replaceAll(/^[ \t]+|[ \t]+$/g, '');
}

const scratch = Buffer.alloc(VALUE_MAX);
const isPlain = (text: string, rule: NumberRule): boolean =>
  !Number.isNaN(readDecimal(scratch, 0, scratch.write(text, 'latin1'), rule));
