import { TaosError } from './taos-error.js';

/** A piece of SQL. Words are lower case unless they were quoted with backquotes; texts are unescaped. */
export interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'mark' | 'end';
  readonly text: string;
  /** Where it starts and ends in the statement. */
  readonly from: number;
  readonly to: number;
}

const SPACE = /[ \t\n\f\r]*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?/y;
const MARK = /<=|>=|<>|!=|[(),;*.=<>+-]/y;
const QUOTES = `'"\``;

/**
 * The tokens of a statement as TDengine's own tokenizer cuts them (parTokenizer.c): a C string, so it ends at a NUL.
 * Comments, which it skips, are refused here: nothing in the system writes one, and hostile values like to.
 */
export function tokensOf(statement: string): Token[] {
  const [sql = ''] = statement.split('\0', 1);
  const tokens: Token[] = [];
  for (let at = skip(sql, 0); at < sql.length;) {
    const token = tokenAt(sql, at);
    tokens.push(token);
    at = skip(sql, token.to);
  }
  return [...tokens, { kind: 'end', text: '', from: sql.length, to: sql.length }];
}

function tokenAt(sql: string, at: number): Token {
  if (QUOTES.includes(sql.charAt(at))) return quoted(sql, at);
  if (sql.startsWith('--', at) || sql.startsWith('/*', at)) throw near(sql, at);
  const number = match(NUMBER, sql, at);
  if (number !== undefined) {
    // `1d` is a duration and `0x10` a hexadecimal number: known to TDengine, not to the stand-in.
    if (match(WORD, sql, at + number.length) !== undefined) throw near(sql, at);
    return { kind: 'number', text: number, from: at, to: at + number.length };
  }
  const word = match(WORD, sql, at);
  if (word !== undefined) return { kind: 'word', text: word.toLowerCase(), from: at, to: at + word.length };
  const mark = match(MARK, sql, at);
  if (mark !== undefined) return { kind: 'mark', text: mark, from: at, to: at + mark.length };
  throw near(sql, at);
}

// A backslash hides what follows it, except in a name; a doubled quote is one.
function quoted(sql: string, from: number): Token {
  const quote = sql.charAt(from);
  let text = '';
  for (let at = from + 1; at < sql.length; at += 1) {
    const char = sql.charAt(at);
    if (char === '\\' && quote !== '`') {
      at += 1;
      text += unescaped(sql.charAt(at));
    } else if (char !== quote) {
      text += char;
    } else if (sql.charAt(at + 1) === quote) {
      at += 1;
      text += quote;
    } else {
      return { kind: quote === '`' ? 'name' : 'text', text, from, to: at + 1 };
    }
  }
  throw near(sql, from);
}

// trimString of parUtil.c: `\%` and `\_` keep their backslash for LIKE, every other unknown escape loses it.
function unescaped(char: string): string {
  switch (char) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '%':
    case '_':
    case 'x':
      return `\\${char}`;
    default:
      return char;
  }
}

/** What TDengine says of a statement that it does not understand. */
export const near = (sql: string, at: number): TaosError =>
  new TaosError('syntax', `syntax error near "${sql.slice(at, at + 100)}"`);

function match(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

const skip = (sql: string, at: number): number => at + (match(SPACE, sql, at)?.length ?? 0);
