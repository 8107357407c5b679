import { describe, expect, it } from '@jest/globals';
import { tdengineTokensOf as tokensOf } from '@mystocks/testing';
import fc from 'fast-check';
import { childTables, fixedNames, hashedTables, joinSql, literal, sql, type Sql } from './literal.js';

/** What the server's tokenizer makes of a value between two words: nothing may come from it but one literal. */
function readBack(value: Sql): { kind: string; text: string } {
  const tokens = tokensOf(sql`before (${value}) after`.text);
  expect(tokens.map(({ kind, text }) => (kind === 'mark' || kind === 'word' ? text : kind))).toEqual([
    'before',
    '(',
    expect.any(String),
    ')',
    'after',
    'end',
  ]);
  return tokens[2]!;
}

// Characters that mean something to SQL, more often than chance would have them, among all others.
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(`'`, `"`, '`', '\\', '--', '/*', '*/', ';', '(', ')', ',', '%', '_', '\n', '\r', '\t', 'NULL'),
    fc.constantFrom(`' OR 1=1 --`, `'); DROP DATABASE mystocks; --`, `\\'`, `''`, '\u2019', '\uff07', 'x41'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  ),
  maxLength: 30,
});
const storable = hostile.filter((text) => !text.includes('\0'));

describe('a literal', () => {
  it('writes any text as one literal that is read back the same', () => {
    fc.assert(
      fc.property(storable, (text) => {
        expect(readBack(literal.text(text))).toMatchObject({ kind: 'text', text });
      }),
      { numRuns: 5_000 },
    );
  });

  it('writes many hostile texts as separate literals', () => {
    fc.assert(
      fc.property(fc.array(storable, { minLength: 1, maxLength: 5 }), (texts) => {
        const row = sql`(${joinSql(texts.map(literal.text), ',')})`;
        const read = tokensOf(row.text).filter(({ kind }) => kind !== 'mark' && kind !== 'end');
        expect(read.map(({ kind, text }) => [kind, text])).toEqual(texts.map((text) => ['text', text]));
      }),
    );
  });

  it.each(['\0', 'a\0b', '\ud800', 'a\udfff'])('refuses text that would be stored differently: %j', (text) => {
    expect(() => literal.text(text)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it('writes numbers so that they are read back exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const [sign, number] = tokensOf(literal.integer(value).text);
        const digits = value < 0n ? number! : sign!;
        expect([digits.kind, BigInt(digits.text)]).toEqual(['number', value < 0n ? -value : value]);
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), (value) => {
        expect(Number(readBack(literal.double(value)).text)).toBe(value);
      }),
    );
    expect(literal.decimal('-1410.5000').text).toBe('-1410.5000');
    expect(literal.timestamp(1_767_571_200_000).text).toBe('1767571200000');
  });

  it.each(['', '1e5', '0x10', ' 1', '1;', '1 OR 1', '--1', '１', '1.', '.5', 'NaN', '9'.repeat(39)])(
    'refuses %j for a decimal',
    (text) => {
      expect(() => literal.decimal(text)).toThrow(RangeError);
    },
  );

  it('refuses numbers that cannot be written as a literal', () => {
    expect(() => literal.double(Number.NaN)).toThrow(RangeError);
    expect(() => literal.timestamp(1.5)).toThrow(RangeError);
    expect(() => literal.integer(2n ** 63n)).toThrow(RangeError);
    expect(() => literal.integer(2 ** 60)).toThrow(RangeError);
  });
});

describe('a name', () => {
  const stable = fixedNames('bars', 'quotes');
  const child = childTables('bars', '1day', 'sse');

  it('accepts only names that are listed in the code', () => {
    expect(sql`SELECT * FROM ${stable('bars')}`.text).toBe('SELECT * FROM bars');
    expect(() => stable('users' as 'bars')).toThrow('is not a name');
    expect(() => stable('toString' as 'bars')).toThrow('is not a name');
    expect(() => fixedNames('a b')).toThrow('cannot be a name');
  });

  it('accepts names of child tables only with six ASCII digits at the end', () => {
    expect(child(['bars', '1day', 'sse'], '600519').text).toBe('bars_1day_sse_600519');
    for (const code of ['60051', '6005190', '60051٣', '６００５１９', '600519;', '600519\n', `' OR '`]) {
      expect(() => child(['bars', '1day', 'sse'], code)).toThrow('six digits');
    }
    expect(() => child(['bars', 'x; DROP' as 'sse'], '600519')).toThrow('is not a name');
  });
});

describe('a name with a hash', () => {
  const hashed = hashedTables('entry');

  it('accepts hashed names only with a listed word and hexadecimal digits', () => {
    expect(hashed('entry', '9f86d081884c7d65').text).toBe('entry_9f86d081884c7d65');
    for (const hash of ['', '9f86d081884c7d6', '9F86D081884C7D65', '9f86d081884c7d65;', 'g'.repeat(16), 'a'.repeat(65)])
      expect(() => hashed('entry', hash)).toThrow('hexadecimal');
    expect(() => hashed('x; DROP' as 'entry', '9f86d081884c7d65')).toThrow('is not a name');
  });
});

// Checked by tsc: a string cannot become SQL by accident.
export const mustNotCompile = (text: string): Sql[] => [
  // @ts-expect-error a string is not SQL
  sql`SELECT ${text}`,
  // @ts-expect-error nor is something that looks like it
  sql`SELECT ${{ text }}`,
  // @ts-expect-error a template in the code, not a string
  sql(text),
];
