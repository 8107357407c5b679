import type { ColumnType } from '../parse/column-types.js';
import type { Column, Literal } from '../parse/statements.js';
import { TaosError } from '../parse/taos-error.js';

/** A stored value: a TIMESTAMP is epoch ms, whole numbers are bigints, a DECIMAL is a bigint of its smallest unit. */
export type Cell = bigint | number | string | boolean | null;

const BITS = { bigint: 64, int: 32, smallint: 16, tinyint: 8 } as const;

/** What a literal becomes in a column; the errors are those of TDengine's INSERT. */
export function cellOf(literal: Literal, { name, type }: Column): Cell {
  if (literal.kind === 'null') return null;
  switch (type.kind) {
    case 'timestamp':
      return instant(literal, name);
    case 'double':
      return real(literal, name);
    case 'bool':
      if (literal.kind !== 'boolean') throw illegal('bool', name);
      return literal.value;
    case 'varchar':
    case 'nchar':
      return text(literal, type, name);
    case 'decimal':
      return decimal(literal, type, name);
    case 'bigint':
    case 'int':
    case 'smallint':
    case 'tinyint':
      return whole(literal, BITS[type.kind], name);
  }
}

const illegal = (what: string, name: string): TaosError =>
  new TaosError('sqlSyntax', `syntax error near "illegal ${what} data" (${name})`);

function instant(literal: Literal, name: string): number {
  if (literal.kind === 'number' && /^-?[0-9]+$/.test(literal.text)) return Number(literal.text);
  if (literal.kind !== 'text') throw illegal('timestamp', name);
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?)(Z|[+-]\d{2}:\d{2})?$/.exec(literal.text);
  const ms = match === null ? Number.NaN : Date.parse(`${match[1] ?? ''}T${match[2] ?? ''}${match[3] ?? 'Z'}`);
  if (Number.isNaN(ms)) throw illegal('timestamp', name);
  return ms;
}

function real(literal: Literal, name: string): number {
  const value = literal.kind === 'number' ? Number(literal.text) : Number.NaN;
  if (!Number.isFinite(value)) throw illegal('double', name);
  return value;
}

// TDengine rounds 1.5 for an INT; the stand-in refuses it, because such a writer has mixed up columns.
function whole(literal: Literal, bits: number, name: string): bigint {
  if (literal.kind !== 'number' || !/^-?[0-9]+$/.test(literal.text)) throw illegal('integer', name);
  const value = BigInt(literal.text);
  if (BigInt.asIntN(bits, value) !== value) throw illegal('integer', name);
  return value;
}

function text(literal: Literal, type: Extract<ColumnType, { length: number }>, name: string): string {
  if (literal.kind !== 'text') throw illegal('text', name);
  const length = type.kind === 'nchar' ? [...literal.text].length : Buffer.byteLength(literal.text);
  if (length > type.length) throw new TaosError('valueTooLong', `Value too long for column/tag: ${name}`);
  return literal.text;
}

// Rounded half up at the scale, as the manual says; too many digits before the point is an overflow.
function decimal(literal: Literal, type: Extract<ColumnType, { scale: number }>, name: string): bigint {
  const match = literal.kind === 'number' ? /^(-?)(\d*)(?:\.(\d*))?$/.exec(literal.text) : null;
  if (match === null) throw illegal('decimal', name);
  const [, sign = '', before = '', after = ''] = match;
  const kept = after.slice(0, type.scale).padEnd(type.scale, '0');
  const units = BigInt(before + kept) + (Number(after.charAt(type.scale)) >= 5 ? 1n : 0n);
  if (units >= 10n ** BigInt(type.precision)) throw illegal('decimal', name);
  return sign === '-' ? -units : units;
}

/** A DECIMAL as text, always with all digits of its scale. */
function decimalText(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const sign = units < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** A cell as taosAdapter writes it: DECIMAL as text, BIGINT as a number of any size. */
export function cellJson(cell: Cell, type: ColumnType, timeText: (ms: number) => string): string {
  if (cell === null) return 'null';
  if (type.kind === 'decimal') return `"${decimalText(cell as bigint, type.scale)}"`;
  if (type.kind === 'timestamp') return `"${timeText(cell as number)}"`;
  return typeof cell === 'bigint' ? cell.toString() : JSON.stringify(cell);
}

/** Order of two values of one column; null comes after everything. */
export function compareCells(left: Cell, right: Cell): number {
  if (left === right) return 0;
  if (left === null || right === null) return left === null ? 1 : -1;
  if (typeof left === 'string' && typeof right === 'string')
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  return left < right ? -1 : left > right ? 1 : 0;
}
