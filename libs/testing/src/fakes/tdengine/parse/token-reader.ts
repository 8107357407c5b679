import type { TaosError } from './taos-error.js';
import { near, tokensOf, type Token } from './tokens.js';
import type { Literal, TableName } from './statements.js';

/** Walks over the tokens of one statement; whatever is not expected is a syntax error. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #place = 0;

  constructor(readonly sql: string) {
    this.#tokens = tokensOf(sql);
  }

  get token(): Token {
    const token = this.#tokens[this.#place];
    if (token === undefined) throw new Error('read past the end of a statement');
    return token;
  }

  error(): TaosError {
    return near(this.sql, this.token.from);
  }

  next(): Token {
    const token = this.token;
    if (token.kind === 'end') throw this.error();
    this.#place += 1;
    return token;
  }

  is(kind: 'word' | 'mark', text: string): boolean {
    return this.token.kind === kind && this.token.text === text;
  }

  /** Takes these words when they follow, all or none. */
  word(...words: readonly string[]): boolean {
    const follow = words.every((word, ahead) => {
      const token = this.#tokens[this.#place + ahead];
      return token?.kind === 'word' && token.text === word;
    });
    if (follow) this.#place += words.length;
    return follow;
  }

  mark(text: string): boolean {
    const follows = this.is('mark', text);
    if (follows) this.#place += 1;
    return follows;
  }

  words(...words: readonly string[]): void {
    if (!this.word(...words)) throw this.error();
  }

  marks(text: string): void {
    if (!this.mark(text)) throw this.error();
  }

  /** A name that TDengine would take: reserved words only in backquotes. */
  name(): string {
    const token = this.token;
    const plain = token.kind === 'word' && !RESERVED.has(token.text);
    if (!plain && token.kind !== 'name') throw this.error();
    this.#place += 1;
    return token.text;
  }

  table(): TableName {
    const first = this.name();
    return this.mark('.') ? { database: first, name: this.name() } : { database: undefined, name: first };
  }

  /** `(a, b, …)`, at least one. */
  list<T>(one: () => T): T[] {
    this.marks('(');
    const all = [one()];
    while (this.mark(',')) all.push(one());
    this.marks(')');
    return all;
  }

  literal(): Literal {
    const sign = this.mark('-') ? '-' : this.mark('+') ? '+' : '';
    const token = this.next();
    if (token.kind === 'number') return { kind: 'number', text: sign === '-' ? `-${token.text}` : token.text };
    this.#place -= 1;
    if (sign !== '') throw this.error();
    if (token.kind === 'text') return ((this.#place += 1), { kind: 'text', text: token.text });
    if (this.word('true')) return { kind: 'boolean', value: true };
    if (this.word('false')) return { kind: 'boolean', value: false };
    if (this.word('null')) return { kind: 'null' };
    throw this.error();
  }

  /** A whole number without a sign. */
  count(): number {
    const token = this.next();
    if (token.kind !== 'number' || !/^[0-9]{1,15}$/.test(token.text)) throw near(this.sql, token.from);
    return Number(token.text);
  }

  /** Nothing but a closing semicolon may follow. */
  end(): void {
    this.mark(';');
    if (this.token.kind !== 'end') throw this.error();
  }
}

// Of TDengine's keywords (parTokenizer.c) those that the system could take for a name by mistake.
const RESERVED = new Set(
  `add all alter and as asc balance between bigint binary bool both by cache case column comment count create current_user
   database decimal delete desc distinct double drop duration else end exists fill first float for from full group having
   if import in index inner insert int integer interval into is join json keep key last last_row left like limit local
   match merge meta nchar near next none normal not now null offset on or order outer partition period pi position
   precision prev primary query range ratio read rename replace right select server_status session set show sliding split
   stable start state storage stream system table tags tag tbname then timestamp timezone tinyint to today topic trim ttl
   union update use user using value values varchar view when where window with write`.split(/\s+/),
);
