import type { Comparison, Condition } from './statements.js';
import { TaosError } from './taos-error.js';
import type { TokenReader } from './token-reader.js';

/** `a AND b OR (c)` over comparisons of one column with literals. A real server refuses `NOT (…)`. */
export function parseCondition(reader: TokenReader): Condition {
  let left = conjunction(reader);
  while (reader.word('or')) left = { kind: 'or', left, right: conjunction(reader) };
  return left;
}

function conjunction(reader: TokenReader): Condition {
  let left = factor(reader);
  while (reader.word('and')) left = { kind: 'and', left, right: factor(reader) };
  return left;
}

function factor(reader: TokenReader): Condition {
  if (reader.is('word', 'not')) throw new TaosError('notSupported', 'Operation not supported: NOT (…)');
  if (!reader.mark('(')) return comparison(reader);
  const inner = parseCondition(reader);
  reader.marks(')');
  return inner;
}

const comparisons: Readonly<Record<string, Comparison>> = {
  '=': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

function comparison(reader: TokenReader): Condition {
  const column = columnName(reader);
  if (reader.word('is', 'not', 'null')) return { kind: 'not', of: { kind: 'null', column } };
  if (reader.word('is', 'null')) return { kind: 'null', column };
  if (reader.word('between')) {
    const from = reader.literal();
    reader.words('and');
    const right: Condition = { kind: 'compare', column, by: '<=', literal: reader.literal() };
    return { kind: 'and', left: { kind: 'compare', column, by: '>=', literal: from }, right };
  }
  const negated = reader.word('not');
  if (negated || reader.is('word', 'in') || reader.is('word', 'like')) {
    const matching = reader.word('like') ? like(reader, column) : within(reader, column);
    return negated ? { kind: 'not', of: matching } : matching;
  }
  const token = reader.token;
  const by = token.kind === 'mark' ? comparisons[token.text] : undefined;
  if (by === undefined) throw reader.error();
  reader.next();
  return { kind: 'compare', column, by, literal: reader.literal() };
}

function within(reader: TokenReader, column: string): Condition {
  reader.words('in');
  return { kind: 'in', column, literals: reader.list(() => reader.literal()) };
}

function like(reader: TokenReader, column: string): Condition {
  const pattern = reader.literal();
  if (pattern.kind !== 'text') throw reader.error();
  return { kind: 'like', column, pattern: pattern.text };
}

/** A column, a tag or `tbname`. */
export const columnName = (reader: TokenReader): string => (reader.word('tbname') ? 'tbname' : reader.name());
