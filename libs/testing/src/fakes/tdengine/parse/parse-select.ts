import { columnName, parseCondition } from './parse-condition.js';
import { aggregates, type Aggregate, type SelectItem, type SelectStatement, type Statement } from './statements.js';
import type { TokenReader } from './token-reader.js';

const questions = ['server_status', 'server_version'] as const;

/** What follows `SELECT`. */
export function parseSelect(reader: TokenReader): Statement {
  for (const what of questions) {
    if (!reader.word(what)) continue;
    reader.marks('(');
    reader.marks(')');
    return { kind: 'question', what };
  }
  if (reader.token.kind === 'number') return { kind: 'constant', value: BigInt(reader.count()) };
  const items = [item(reader)];
  while (reader.mark(',')) items.push(item(reader));
  reader.words('from');
  const grouped = items.some(({ aggregate }) => aggregate !== undefined);
  return { kind: 'select', items, table: reader.table(), ...clauses(reader, grouped) };
}

function item(reader: TokenReader): SelectItem {
  const from = reader.token.from;
  const [aggregate, column] = reader.mark('*') ? [undefined, undefined] : expression(reader);
  const text = reader.sql.slice(from, reader.token.from).trimEnd();
  const named = reader.word('as') ? reader.name() : undefined;
  // Only the result of one column can be renamed.
  if (named !== undefined && column === undefined && aggregate !== 'count') throw reader.error();
  return { aggregate, column, name: named ?? (aggregate === undefined ? (column ?? '*') : text) };
}

function expression(reader: TokenReader): [Aggregate | undefined, string | undefined] {
  const aggregate = aggregates.find((name) => reader.word(name));
  if (aggregate === undefined) return [undefined, columnName(reader)];
  reader.marks('(');
  const column = reader.mark('*') ? undefined : columnName(reader);
  reader.marks(')');
  if (column === undefined && (aggregate === 'min' || aggregate === 'max' || aggregate === 'sum')) throw reader.error();
  return [aggregate, column];
}

// GROUP BY without a function is another thing than PARTITION BY, and not known here.
function clauses(reader: TokenReader, grouped: boolean): Omit<SelectStatement, 'kind' | 'items' | 'table'> {
  const where = reader.word('where') ? parseCondition(reader) : undefined;
  const isPartitioned = reader.word('partition', 'by') || (grouped && reader.word('group', 'by'));
  const partition = isPartitioned ? columns(reader) : [];
  const order = reader.word('order', 'by') ? orders(reader) : [];
  const limit = reader.word('limit') ? reader.count() : undefined;
  const offset = limit !== undefined && reader.word('offset') ? reader.count() : 0;
  return { where, partition, order, limit, offset };
}

function columns(reader: TokenReader): string[] {
  const all = [columnName(reader)];
  while (reader.mark(',')) all.push(columnName(reader));
  return all;
}

function orders(reader: TokenReader): SelectStatement['order'] {
  const all = [order(reader)];
  while (reader.mark(',')) all.push(order(reader));
  return all;
}

function order(reader: TokenReader): SelectStatement['order'][number] {
  const column = columnName(reader);
  const descending = reader.word('desc');
  if (!descending) reader.word('asc');
  return { column, descending };
}
