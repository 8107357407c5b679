import type { Catalog, Stable } from './catalog.js';
import { compareCells, type Cell } from './cells.js';
import type { ColumnType } from '../parse/column-types.js';
import { fieldOf, select, tableOf, type Field, type Source } from './sources.js';
import type { Aggregate, SelectItem, SelectStatement } from '../parse/statements.js';
import { TaosError } from '../parse/taos-error.js';

export interface Result {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A column of the result: how it is computed from the rows of a group. */
interface Output {
  readonly name: string;
  readonly type: ColumnType;
  of(group: readonly Source[]): Cell;
}

export function runSelect(statement: SelectStatement, catalog: Catalog, inUse: string | undefined): Result {
  const database = catalog.of(statement.table, inUse);
  const { stable } = tableOf(database, statement.table.name);
  const ofStable = database.stables.has(statement.table.name);
  const keys = statement.partition.map((name) => fieldOf(stable, name));
  const items = statement.items.flatMap((item) => expanded(item, stable, ofStable));
  const aggregated = items.some(({ aggregate }) => aggregate !== undefined);
  const outputs = items.map((item) => outputOf(item, stable, aggregated ? keys : undefined));
  const order = statement.order.map(({ column, descending }) => {
    const unselected = { aggregate: undefined, column, name: column };
    const output = outputs.find(({ name }) => name === column);
    return { output: output ?? outputOf(unselected, stable, aggregated ? keys : undefined), descending };
  });
  const groups = grouped(select(database, statement.table.name, statement.where), keys);
  if (aggregated && keys.length === 0 && groups.length === 0 && items.some((item) => item.aggregate === 'count')) {
    groups.push([]);
  }
  // LIMIT and OFFSET count inside each group.
  const rows = groups.flatMap((group) => {
    const lines = aggregated ? [group] : group.map((source) => [source]);
    const sorted = sortedBy(lines, order);
    return sorted.slice(statement.offset, statement.offset + (statement.limit ?? sorted.length));
  });
  const whole = aggregated ? sortedBy(rows, order) : rows;
  return { columns: outputs, rows: whole.map((group) => outputs.map((output) => output.of(group))) };
}

// `*` has the tags too when a super table is asked, the star of LAST_ROW never.
function expanded(item: SelectItem, stable: Stable, ofStable: boolean): SelectItem[] {
  if (item.column !== undefined || item.aggregate === 'count') return [item];
  const fields = item.aggregate === undefined && ofStable ? [...stable.columns, ...stable.tags] : stable.columns;
  return fields.map(({ name: column }) => ({
    aggregate: item.aggregate,
    column,
    name: item.aggregate === undefined ? column : `${item.aggregate}(${column})`,
  }));
}

function outputOf(item: SelectItem, stable: Stable, keys: readonly Field[] | undefined): Output {
  const { aggregate, column, name } = item;
  const field = column === undefined ? undefined : fieldOf(stable, column);
  if (aggregate === undefined) {
    if (field === undefined) throw new Error('a star was not expanded');
    const ofGroup = keys?.some((key) => key.name === field.name || (key.name === 'tbname' && field.ofChild));
    if (ofGroup === false) throw new TaosError('notSingleGroup', 'Not a single-group group function');
    const of = (group: readonly Source[]): Cell => (group[0] === undefined ? null : field.read(group[0]));
    return { name, type: field.type, of };
  }
  const type = typeOf(aggregate, field);
  return { name, type, of: (group) => computed(aggregate, field, group) };
}

function typeOf(aggregate: Aggregate, field: Field | undefined): ColumnType {
  if (aggregate === 'count' || field === undefined) return { kind: 'bigint' };
  if (aggregate !== 'sum') return field.type;
  if (field.type.kind === 'decimal') return { ...field.type, precision: 38 };
  if (field.type.kind === 'double') return field.type;
  if (field.type.kind === 'timestamp' || field.type.kind === 'bool' || 'length' in field.type) {
    throw new TaosError('wrongValueType', `Invalid parameter data type : ${aggregate}`);
  }
  return { kind: 'bigint' };
}

function computed(aggregate: Aggregate, field: Field | undefined, group: readonly Source[]): Cell {
  if (field === undefined) return BigInt(group.length);
  if (aggregate === 'last_row') return at(group, field, (time, best) => time >= best);
  const present = group.filter((source) => field.read(source) !== null);
  const cells = present.map((source) => field.read(source));
  switch (aggregate) {
    case 'count':
      return BigInt(cells.length);
    case 'min':
      return cells.reduce((a, b) => (compareCells(b, a) < 0 ? b : a), cells[0] ?? null);
    case 'max':
      return cells.reduce((a, b) => (compareCells(b, a) > 0 ? b : a), cells[0] ?? null);
    case 'sum':
      return cells.length === 0 ? null : cells.reduce(plus);
    case 'first':
      return at(present, field, (time, best) => time < best);
    case 'last':
      return at(present, field, (time, best) => time >= best);
  }
}

const plus = (a: Cell, b: Cell): Cell =>
  typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b);

function at(group: readonly Source[], field: Field, better: (time: number, best: number) => boolean): Cell {
  let found: Source | undefined;
  for (const source of group) {
    if (found === undefined || better(Number(source.row[0]), Number(found.row[0]))) found = source;
  }
  return found === undefined ? null : field.read(found);
}

function grouped(sources: readonly Source[], keys: readonly Field[]): Source[][] {
  const groups = new Map<string, Source[]>();
  for (const source of sources) {
    const key = keys.map((field) => String(field.read(source))).join('\0');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [source]);
    else group.push(source);
  }
  return [...groups.values()];
}

// Null comes last in ascending and first in descending order.
function sortedBy(lines: Source[][], order: readonly { output: Output; descending: boolean }[]): Source[][] {
  if (order.length === 0) return lines;
  return [...lines].sort((a, b) => {
    for (const { output, descending } of order) {
      const difference = compareCells(output.of(a), output.of(b));
      if (difference !== 0) return descending ? -difference : difference;
    }
    return 0;
  });
}
