import { fixedType, type ColumnType } from './column-types.js';
import { TaosError } from './taos-error.js';
import type { TokenReader } from './token-reader.js';

/** `BIGINT`, `VARCHAR(16)`, `DECIMAL(18, 4)`: the type of a column or tag. */
export function parseType(reader: TokenReader): ColumnType {
  const token = reader.next();
  const kind = token.kind === 'word' ? token.text : '';
  if (kind === 'varchar' || kind === 'binary' || kind === 'nchar') {
    const [length = 0, ...more] = reader.list(() => reader.count());
    if (more.length > 0) throw reader.error();
    return { kind: kind === 'nchar' ? 'nchar' : 'varchar', length };
  }
  if (kind === 'decimal') {
    const [precision = 0, scale = 0, ...more] = reader.list(() => reader.count());
    if (more.length > 0 || precision < 1 || precision > 38 || scale > precision) throw reader.error();
    return { kind, precision, scale };
  }
  const type = fixedType(kind);
  if (type === undefined) throw new TaosError('syntax', `syntax error near "${token.text}"`);
  return type;
}
