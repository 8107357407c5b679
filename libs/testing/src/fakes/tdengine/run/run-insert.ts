import type { Catalog, TaosDatabase } from './catalog.js';
import { ChildTable, type Stable } from './catalog.js';
import { cellOf, type Cell } from './cells.js';
import type { Column, InsertPart, Literal } from '../parse/statements.js';
import { TaosError } from '../parse/taos-error.js';

const DAY_MS = 86_400_000;

type Row = readonly (Cell | undefined)[];

/**
 * Stores the rows: all are read before the first is stored. Rows of one child and one time are one row; columns that a
 * later one does not name stay as they were. Answers how many rows were written.
 */
export function runInsert(parts: readonly InsertPart[], catalog: Catalog, inUse: string | undefined): number {
  const read = parts.map((part) => {
    const database = catalog.of(part.table, inUse);
    const child = childOf(part, database, catalog, inUse);
    return { database, child, rows: rowsOf(part, child.stable, database) };
  });
  let written = 0;
  for (const { database, child, rows } of read) {
    // Two parts may have named a child that was not there before.
    const stored = database.children.get(child.name) ?? child;
    database.children.set(stored.name, stored);
    for (const [key, row] of rows) {
      const before = stored.get(key);
      stored.set(
        key,
        row.map((cell, place) => cell ?? (cell === null ? null : (before?.[place] ?? null))),
      );
    }
    written += rows.size;
  }
  return written;
}

function childOf(part: InsertPart, database: TaosDatabase, catalog: Catalog, inUse: string | undefined): ChildTable {
  const { using, table } = part;
  const known = database.children.get(table.name);
  if (known !== undefined) return known;
  if (using === undefined) throw new TaosError('tableNotExist', `Table does not exist: ${table.name}`);
  const stable = catalog.of(using.stable, inUse).stables.get(using.stable.name);
  if (stable === undefined) throw new TaosError('tableNotExist', `Table does not exist: ${using.stable.name}`);
  const named = using.names?.map((name) => find(stable.tags, name, 'invalidTag')) ?? stable.tags;
  if (named.length !== using.tags.length) throw new TaosError('tagsNotMatched', 'Tags number not matched');
  const given = new Map(named.map((tag, place) => [tag.name, cellOf(literalAt(using.tags, place), tag)]));
  return new ChildTable(
    table.name,
    stable,
    stable.tags.map(({ name }) => given.get(name) ?? null),
  );
}

function rowsOf(part: InsertPart, stable: Stable, database: TaosDatabase): ReadonlyMap<number, Row> {
  const columns = part.columns?.map((name) => find(stable.columns, name, 'invalidColumn')) ?? stable.columns;
  const oldestMs = Date.now() - database.keepDays * DAY_MS;
  const rows = new Map<number, Row>();
  for (const literals of part.rows) {
    if (literals.length !== columns.length) throw new TaosError('columnCount', 'Illegal number of columns');
    const given = new Map(columns.map((column, place) => [column.name, cellOf(literalAt(literals, place), column)]));
    const key = given.get(stable.columns[0]?.name ?? '');
    if (typeof key !== 'number')
      throw new TaosError('incorrectTimestamp', 'Primary timestamp column should not be null');
    if (key < oldestMs) throw new TaosError('timestampOutOfRange', 'Timestamp data out of range');
    const before = rows.get(key);
    rows.set(
      key,
      stable.columns.map(({ name }, place) => (given.has(name) ? given.get(name) : before?.[place])),
    );
  }
  return rows;
}

function find(columns: readonly Column[], name: string, reason: 'invalidTag' | 'invalidColumn'): Column {
  const column = columns.find((one) => one.name === name);
  if (column === undefined) throw new TaosError(reason, `Invalid column/tag name: ${name}`);
  return column;
}

function literalAt(literals: readonly Literal[], place: number): Literal {
  const literal = literals[place];
  if (literal === undefined) throw new TaosError('columnCount', 'Illegal number of columns');
  return literal;
}
