import type { ChildTable, Stable, TaosDatabase } from './catalog.js';
import { cellOf, compareCells, type Cell } from './cells.js';
import type { ColumnType } from '../parse/column-types.js';
import type { Comparison, Condition, Literal } from '../parse/statements.js';
import { TaosError } from '../parse/taos-error.js';

/** A row with the child table that holds it. */
export interface Source {
  readonly child: ChildTable;
  readonly row: readonly Cell[];
}

/** How a column, a tag or `tbname` is read from a row. */
export interface Field {
  readonly name: string;
  readonly type: ColumnType;
  readonly ofChild: boolean;
  read(source: Source): Cell;
}

/** The super table, or the child table and its super table, that a statement names. */
export function tableOf(database: TaosDatabase, name: string): { stable: Stable; children: readonly ChildTable[] } {
  const child = database.children.get(name);
  if (child !== undefined) return { stable: child.stable, children: [child] };
  const stable = database.stables.get(name);
  if (stable === undefined)
    throw new TaosError('tableInfo', `Fail to get table info, error: Table does not exist: ${name}`);
  const children = [...database.children.values()].filter((one) => one.stable === stable);
  // Without ORDER BY the order between child tables is undefined: the newest first, to catch code that relies on it.
  return { stable, children: children.reverse() };
}

export function fieldOf(stable: Stable, name: string): Field {
  if (name === 'tbname') {
    return { name, type: { kind: 'varchar', length: 192 }, ofChild: true, read: ({ child }) => child.name };
  }
  const column = stable.columns.findIndex((one) => one.name === name);
  const type = stable.columns[column]?.type;
  if (type !== undefined) return { name, type, ofChild: false, read: ({ row }) => row[column] ?? null };
  const tag = stable.tags.findIndex((one) => one.name === name);
  const tagType = stable.tags[tag]?.type;
  if (tagType === undefined) throw new TaosError('invalidColumn', `Invalid column name: ${name}`);
  return { name, type: tagType, ofChild: true, read: ({ child }) => child.tags[tag] ?? null };
}

/** The rows of a table for which the condition holds. What concerns only tags is asked once a child table. */
export function select(database: TaosDatabase, name: string, where: Condition | undefined): Source[] {
  const { stable, children } = tableOf(database, name);
  const parts = conjuncts(where).map((part) => testOf(part, stable));
  const [ofChild, ofRow] = [parts.filter((part) => part.ofChild), parts.filter((part) => !part.ofChild)];
  return children
    .filter((child) => ofChild.every((part) => part.test({ child, row: [] })))
    .flatMap((child) => within(child, ofRow).map((row) => ({ child, row })))
    .filter((source) => ofRow.every((part) => part.test(source)));
}

/** The rows of a child table between the bounds that conditions set to the timestamp: rows lie in the order of time. */
function within(child: ChildTable, parts: readonly Test[]): readonly Cell[][] {
  const rows = child.rows();
  const firstOf = (holds: (row: Cell[]) => boolean): number => {
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const row = rows[middle];
      if (row !== undefined && holds(row)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const [lower, upper] = [
    parts.filter(({ bound }) => bound === 'lower'),
    parts.filter(({ bound }) => bound === 'upper'),
  ];
  const from = firstOf((row) => lower.every((part) => part.test({ child, row })));
  const to = firstOf((row) => !upper.every((part) => part.test({ child, row })));
  return rows.slice(from, to);
}

interface Test {
  readonly ofChild: boolean;
  /** It holds from a moment on, or until a moment. */
  readonly bound?: 'lower' | 'upper' | undefined;
  test(source: Source): boolean;
}

function conjuncts(condition: Condition | undefined): Condition[] {
  if (condition === undefined) return [];
  return condition.kind === 'and' ? [...conjuncts(condition.left), ...conjuncts(condition.right)] : [condition];
}

function testOf(condition: Condition, stable: Stable): Test {
  if ('left' in condition) {
    const [left, right] = [testOf(condition.left, stable), testOf(condition.right, stable)];
    const both = condition.kind === 'and';
    const test = (source: Source): boolean =>
      both ? left.test(source) && right.test(source) : left.test(source) || right.test(source);
    return { ofChild: left.ofChild && right.ofChild, test };
  }
  if (condition.kind === 'not') {
    const inner = testOf(condition.of, stable);
    return { ofChild: inner.ofChild, test: (source) => !inner.test(source) };
  }
  const field = fieldOf(stable, condition.column);
  if (condition.kind === 'null') return { ofChild: field.ofChild, test: (source) => field.read(source) === null };
  if (condition.kind === 'in') {
    const wanted = new Set(condition.literals.map((literal) => wantedOf(field.type, literal)));
    wanted.delete(null);
    return { ofChild: field.ofChild, test: (source) => wanted.has(field.read(source)) };
  }
  if (condition.kind === 'like') {
    const matches = likeTest(field.type, condition.pattern);
    return { ofChild: field.ofChild, test: (source) => matches(field.read(source)) };
  }
  const test = against(field.type, condition.by, condition.literal);
  const bound = condition.column === stable.columns[0]?.name ? bounds[condition.by] : undefined;
  return { ofChild: field.ofChild, bound, test: (source) => test(field.read(source)) };
}

const bounds: Readonly<Partial<Record<Comparison, 'lower' | 'upper'>>> = {
  '>': 'lower',
  '>=': 'lower',
  '<': 'upper',
  '<=': 'upper',
};

const holds: Readonly<Record<Comparison, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

// Nothing is equal to null, nor less. A text longer than its column is no error here, as it is in an INSERT.
function against(type: ColumnType, by: Comparison, literal: Literal): (cell: Cell) => boolean {
  const wanted = wantedOf(type, literal);
  return (cell) => cell !== null && wanted !== null && holds[by](compareCells(cell, wanted));
}

// `%` stands for any text, `_` for one character, behind a backslash each for itself; capitals count.
function likeTest(type: ColumnType, pattern: string): (cell: Cell) => boolean {
  if (type.kind !== 'varchar' && type.kind !== 'nchar') throw new TaosError('wrongValueType', 'Invalid value type');
  const parts = [...pattern.matchAll(/\\([%_])|([%_])|([^])/g)].map(([, kept, wild, other = '']) =>
    wild === undefined ? (kept ?? other).replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&') : wild === '%' ? '.*' : '.',
  );
  const whole = new RegExp(`^${parts.join('')}$`, 's');
  return (cell) => typeof cell === 'string' && whole.test(cell);
}

function wantedOf(type: ColumnType, literal: Literal): Cell {
  if (literal.kind === 'null' || !('length' in type)) return cellOf(literal, { name: 'condition', type });
  if (literal.kind !== 'text') throw new TaosError('wrongValueType', 'Invalid value type');
  return literal.text;
}
