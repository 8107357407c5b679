import type { InsertPart, Statement } from './statements.js';
import type { TokenReader } from './token-reader.js';

/** What follows `INSERT INTO`: child tables, each with its rows. */
export function parseInsert(reader: TokenReader): Statement {
  const parts = [part(reader)];
  while (reader.token.kind === 'word' || reader.token.kind === 'name') parts.push(part(reader));
  return { kind: 'insert', parts };
}

function part(reader: TokenReader): InsertPart {
  const table = reader.table();
  const using = reader.word('using') ? template(reader) : undefined;
  const columns = reader.is('mark', '(') ? reader.list(() => reader.name()) : undefined;
  reader.words('values');
  const rows = [row(reader)];
  // A comma between rows is allowed and means nothing.
  while (reader.is('mark', '(') || reader.is('mark', ',')) {
    reader.mark(',');
    rows.push(row(reader));
  }
  return { table, using, columns, rows };
}

function template(reader: TokenReader): NonNullable<InsertPart['using']> {
  const stable = reader.table();
  const names = reader.is('mark', '(') ? reader.list(() => reader.name()) : undefined;
  reader.words('tags');
  const tags = reader.list(() => reader.literal());
  // Days after which TDengine drops the child table, some time. The stand-in lets it be.
  if (reader.word('ttl')) reader.count();
  return { stable, names, tags };
}

const row = (reader: TokenReader): InsertPart['rows'][number] => reader.list(() => reader.literal());
