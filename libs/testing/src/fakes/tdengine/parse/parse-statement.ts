import { checkSizes } from './column-types.js';
import { parseCondition } from './parse-condition.js';
import { parseInsert } from './parse-insert.js';
import { parseSelect } from './parse-select.js';
import { parseType } from './parse-type.js';
import type { Column, Statement } from './statements.js';
import { TaosError } from './taos-error.js';
import { TokenReader } from './token-reader.js';

const SQL_BYTES_MAX = 1_048_576;
const KEEP_DAYS = 3_650;
const KEEP_DAYS_MAX = 365_000;

/** One statement; what the stand-in does not know is a syntax error, never a guess. */
export function parseStatement(sql: string): Statement {
  if (Buffer.byteLength(sql) > SQL_BYTES_MAX) throw new TaosError('sqlTooLong', 'SQL statement too long');
  const reader = new TokenReader(sql);
  const statement = parse(reader);
  reader.end();
  return statement;
}

function parse(reader: TokenReader): Statement {
  if (reader.word('insert', 'into')) return parseInsert(reader);
  if (reader.word('select')) return parseSelect(reader);
  if (reader.word('create', 'database')) return createDatabase(reader);
  if (reader.word('create', 'stable')) return createStable(reader);
  if (reader.word('drop', 'database')) {
    return { kind: 'drop-database', ifExists: reader.word('if', 'exists'), name: reader.name() };
  }
  if (reader.word('use')) return { kind: 'use', name: reader.name() };
  if (reader.word('delete', 'from')) {
    return { kind: 'delete', table: reader.table(), where: reader.word('where') ? parseCondition(reader) : undefined };
  }
  throw reader.error();
}

function createDatabase(reader: TokenReader): Statement {
  const ifNotExists = reader.word('if', 'not', 'exists');
  const name = reader.name();
  let keepDays = KEEP_DAYS;
  while (['precision', 'keep', 'vgroups'].some((option) => reader.is('word', option))) {
    if (reader.word('keep')) keepDays = reader.count();
    else if (reader.word('vgroups')) reader.count();
    else precision(reader);
  }
  if (keepDays < 1 || keepDays > KEEP_DAYS_MAX) {
    throw new TaosError('invalidDatabaseOption', `Invalid option keep: ${String(keepDays)}`);
  }
  return { kind: 'create-database', name, ifNotExists, keepDays };
}

function precision(reader: TokenReader): void {
  reader.words('precision');
  const literal = reader.literal();
  if (literal.kind !== 'text' || literal.text !== 'ms')
    throw new TaosError('invalidDatabaseOption', 'Invalid option precision: the stand-in keeps milliseconds');
}

function createStable(reader: TokenReader): Statement {
  const ifNotExists = reader.word('if', 'not', 'exists');
  const table = reader.table();
  const columns = reader.list(() => column(reader));
  reader.words('tags');
  const tags = reader.list(() => column(reader));
  if (columns[0]?.type.kind !== 'timestamp') throw new TaosError('firstColumn', 'First column must be timestamp');
  const names = [...columns, ...tags].map(({ name }) => name);
  if (new Set(names).size < names.length) throw new TaosError('duplicatedColumn', 'Duplicated column names');
  const typesOf = (all: readonly Column[]): Column['type'][] => all.map(({ type }) => type);
  checkSizes(typesOf(columns), 'columns');
  checkSizes(typesOf(tags), 'tags');
  return { kind: 'create-stable', table, ifNotExists, columns, tags };
}

function column(reader: TokenReader): Column {
  return { name: reader.name(), type: parseType(reader) };
}
