import { TaosError } from './taos-error.js';

/** The types of TDengine that the stand-in stores. */
export type ColumnType =
  | { readonly kind: 'timestamp' | 'double' | 'bool' }
  | { readonly kind: 'bigint' | 'int' | 'smallint' | 'tinyint' }
  | { readonly kind: 'varchar' | 'nchar'; readonly length: number }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number };

const SIZES = { timestamp: 8, bigint: 8, int: 4, smallint: 2, tinyint: 1, double: 8, bool: 1 } as const;
const ROW_BYTES_MAX = 65_531;
const COLUMN_BYTES_MAX = 65_517;
const TAG_BYTES_MAX = 16_382;

/** The type of a name that needs no length. */
export function fixedType(name: string): ColumnType | undefined {
  return Object.hasOwn(SIZES, name) ? { kind: name as keyof typeof SIZES } : undefined;
}

/** Bytes that a value of this type may take; an NCHAR is four a character, both texts have two of length. */
function bytesOf(type: ColumnType): number {
  if ('length' in type) return (type.kind === 'nchar' ? type.length * 4 : type.length) + 2;
  return lengthOf(type);
}

function lengthOf(type: Exclude<ColumnType, { length: number }>): number {
  return type.kind === 'decimal' ? (type.precision <= 18 ? 8 : 16) : SIZES[type.kind];
}

/** Refuses what does not fit into a row of 64 KB. */
export function checkSizes(types: readonly ColumnType[], where: 'columns' | 'tags'): void {
  const max = where === 'columns' ? COLUMN_BYTES_MAX : TAG_BYTES_MAX;
  for (const type of types) {
    if (!('length' in type)) continue;
    if (type.length < 1 || bytesOf(type) - 2 > max)
      throw new TaosError('variableLength', 'Invalid binary/nchar column/tag length');
  }
  if (types.reduce((sum, type) => sum + bytesOf(type), 0) > ROW_BYTES_MAX)
    throw new TaosError('rowTooLong', 'Row length exceeds max length');
}

/** As `column_meta` names it, with its length. */
export function metaOf(type: ColumnType): readonly [name: string, length: number] {
  if ('length' in type) return [type.kind.toUpperCase(), type.length];
  const precision = type.kind === 'decimal' ? `(${String(type.precision)},${String(type.scale)})` : '';
  return [`${type.kind.toUpperCase()}${precision}`, lengthOf(type)];
}
