import type { Catalog } from './catalog.js';
import { TaosDatabase } from './catalog.js';
import { parseStatement } from '../parse/parse-statement.js';
import { runInsert } from './run-insert.js';
import { runSelect, type Result } from './run-select.js';
import { select, tableOf } from './sources.js';
import type { Condition, Statement } from '../parse/statements.js';
import { TaosError } from '../parse/taos-error.js';

/** Rows touched, or the rows of a query. */
export type Outcome = { readonly affected: number } | Result;

const SERVER_VERSION = '3.3.6.0-stand-in';

/** Runs one statement; `inUse` is the database of the request's path. */
export function runStatement(sql: string, catalog: Catalog, inUse: string | undefined): Outcome {
  const statement = parseStatement(sql);
  switch (statement.kind) {
    case 'select':
      return runSelect(statement, catalog, inUse);
    case 'question':
      return answerOf(statement.what);
    case 'constant':
      return { columns: [{ name: statement.value.toString(), type: { kind: 'bigint' } }], rows: [[statement.value]] };
    case 'insert':
      return { affected: runInsert(statement.parts, catalog, inUse) };
    case 'delete':
      return { affected: runDelete(statement, catalog, inUse) };
    case 'use':
      catalog.database(statement.name);
      return { affected: 0 };
    case 'create-database':
    case 'drop-database':
    case 'create-stable':
      define(statement, catalog, inUse);
      return { affected: 0 };
  }
}

// Only the time and tags can say what is deleted.
function runDelete({ table, where }: Extract<Statement, { kind: 'delete' }>, catalog: Catalog, inUse?: string): number {
  const database = catalog.of(table, inUse);
  const { stable } = tableOf(database, table.name);
  const [time, ...values] = stable.columns.map(({ name }) => name);
  if (columnsOf(where).some((name) => name !== time && values.includes(name)))
    throw new TaosError('deleteWhere', 'The DELETE statement must have a definite time window range');
  const sources = select(database, table.name, where);
  for (const { child, row } of sources) child.delete(Number(row[0]));
  return sources.length;
}

function columnsOf(where: Condition | undefined): string[] {
  if (where === undefined) return [];
  if ('left' in where) return [...columnsOf(where.left), ...columnsOf(where.right)];
  return where.kind === 'not' ? columnsOf(where.of) : [where.column];
}

type Definition = Extract<Statement, { kind: 'create-database' | 'drop-database' | 'create-stable' }>;

function define(statement: Definition, catalog: Catalog, inUse: string | undefined): void {
  if (statement.kind === 'drop-database') {
    if (!catalog.databases.delete(statement.name) && !statement.ifExists) catalog.database(statement.name);
  } else if (statement.kind === 'create-database') {
    const known = catalog.databases.has(statement.name);
    if (known && !statement.ifNotExists) throw new TaosError('databaseExists', 'Database already exists');
    if (!known) catalog.databases.set(statement.name, new TaosDatabase(statement.keepDays));
  } else {
    const { table, columns, tags, ifNotExists } = statement;
    const { stables } = catalog.of(table, inUse);
    const known = stables.has(table.name);
    if (known && !ifNotExists) throw new TaosError('stableExists', 'STable already exists');
    if (!known) stables.set(table.name, { name: table.name, columns, tags });
  }
}

function answerOf(what: 'server_status' | 'server_version'): Result {
  if (what === 'server_status') return { columns: [{ name: 'server_status()', type: { kind: 'int' } }], rows: [[1n]] };
  const type = { kind: 'varchar', length: SERVER_VERSION.length } as const;
  return { columns: [{ name: 'server_version()', type }], rows: [[SERVER_VERSION]] };
}
