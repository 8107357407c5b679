import { Failure } from '@mystocks/contracts';

/** Made in this file only: its constructor stays here, and its private field keeps look-alikes out. */
class SqlText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }
}

/**
 * SQL for TDengine, whose REST interface has no bound parameters. A string is none of these: the text comes from
 * {@link sql} templates in the code, every value from {@link literal}, every name from a list ({@link fixedNames}).
 */
export type Sql = SqlText;

/** SQL as it stands in the code; what is put in must be SQL already. */
export function sql(words: TemplateStringsArray, ...parts: readonly Sql[]): Sql {
  return new SqlText(words.reduce((text, word, place) => text + (parts[place - 1]?.text ?? '') + word));
}

export function joinSql(parts: readonly Sql[], separator: '' | ' ' | ',' | ' AND ' | ' OR '): Sql {
  return new SqlText(parts.map(({ text }) => text).join(separator));
}

const UNSTORABLE = /\0|\p{Surrogate}/u;
const DECIMAL = /^-?[0-9]{1,38}(\.[0-9]{1,38})?$/;
const BIGINT_MIN = -(2n ** 63n);
const BIGINT_MAX = 2n ** 63n - 1n;

/** The one way from a value to SQL. What cannot be written so that it is read back the same is refused. */
export const literal = {
  null: new SqlText('NULL'),

  boolean: (value: boolean): Sql => new SqlText(value ? 'true' : 'false'),

  /** Epoch ms. */
  timestamp(ms: number): Sql {
    if (!Number.isSafeInteger(ms)) throw new RangeError('a timestamp is whole milliseconds');
    return new SqlText(String(ms));
  },

  /** For BIGINT and smaller. */
  integer(value: number | bigint): Sql {
    const exact = typeof value === 'bigint' || Number.isSafeInteger(value) ? BigInt(value) : undefined;
    if (exact === undefined || exact < BIGINT_MIN || exact > BIGINT_MAX) throw new RangeError('not a BIGINT');
    return new SqlText(exact.toString());
  },

  /** For DECIMAL, digit by digit; also for DOUBLE. */
  decimal(text: string): Sql {
    if (!DECIMAL.test(text)) throw new RangeError('not a decimal');
    return new SqlText(text);
  },

  /** For DOUBLE: the shortest text that gives the same double back. */
  double(value: number): Sql {
    if (!Number.isFinite(value)) throw new RangeError('not a number that can be stored');
    return new SqlText(String(value));
  },

  /**
   * For VARCHAR and NCHAR. A statement is a C string, so a NUL would end it; half a surrogate pair would be stored as
   * another character.
   */
  text(value: string): Sql {
    if (UNSTORABLE.test(value)) throw new Failure('invalid', 'Text holds a character that cannot be stored');
    return new SqlText(`'${value.replace(/[\\']/g, '\\$&')}'`);
  },
} as const;

const NAME = /^[a-z_][a-z0-9_]*$/;
const WORD = /^[a-z0-9]+$/;
const CODE = /^[0-9]{6}$/;
const HASH = /^[0-9a-f]{16,64}$/;

/** Names of tables and columns, in lower case: exactly those listed in the code. */
export function fixedNames<const N extends string>(...names: readonly N[]): (name: N) => Sql {
  const known = knownOf(names, NAME);
  return (name) => chosen(known, name);
}

/**
 * Names of child tables: words from a list and the six digits of a symbol, joined by `_`, as `bars_1day_sse_600519`.
 */
export function childTables<const W extends string>(
  ...words: readonly W[]
): (prefix: readonly [W, ...W[]], code: string) => Sql {
  const known = knownOf(words, WORD);
  return (prefix, code) => {
    if (!CODE.test(code)) throw new RangeError('a symbol has six digits');
    return new SqlText([...prefix.map((word) => chosen(known, word).text), code].join('_'));
  };
}

/** Names of child tables: a word from a list and a hash in hexadecimal digits, as `entry_9f86d081884c7d65`. */
export function hashedTables<const W extends string>(...words: readonly W[]): (word: W, hash: string) => Sql {
  const known = knownOf(words, WORD);
  return (word, hash) => {
    if (!HASH.test(hash)) throw new RangeError('a hash has 16 to 64 hexadecimal digits');
    return new SqlText(`${chosen(known, word).text}_${hash}`);
  };
}

function knownOf(names: readonly string[], shape: RegExp): ReadonlyMap<string, Sql> {
  const wrong = names.find((name) => !shape.test(name));
  if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong)} cannot be a name in SQL`);
  return new Map(names.map((name) => [name, new SqlText(name)]));
}

function chosen(known: ReadonlyMap<string, Sql>, name: string): Sql {
  const found = known.get(name);
  if (found === undefined) throw new Error(`${JSON.stringify(name)} is not a name of this list`);
  return found;
}
