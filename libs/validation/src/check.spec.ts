import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import {
  check,
  describeShape,
  InvalidInput,
  IsCount,
  IsDay,
  IsDecimal,
  IsFlag,
  IsInstant,
  IsListOf,
  IsOneOf,
  IsShapes,
  IsSymbol,
  IsText,
} from './index.js';

class Leg {
  @IsSymbol() readonly symbol!: string;
  @IsDecimal(0, 1e9) readonly price!: number;
}

class Order {
  @IsText(1, 8) readonly name!: string;
  @IsCount(1, 100) readonly limit: number = 10;
  @IsOneOf(['buy', 'sell'], { optional: true }) readonly side?: string;
  @IsFlag({ optional: true }) readonly urgent?: boolean;
  @IsDay({ optional: true }) readonly day?: string;
  @IsShapes(Leg, 1, 2) readonly legs!: Leg[];
}

const leg = { symbol: '600519.SH', price: 12.5 };
const violations = (raw: unknown, options?: Parameters<typeof check>[2]): string[] => {
  try {
    check(Order, raw, options);
    return [];
  } catch (error) {
    return (error as InvalidInput).violations.map(({ pointer, code }) => `${pointer} ${code}`);
  }
};

describe('check', () => {
  it('returns an instance with defaults kept and nested shapes built', () => {
    const order = check(Order, { name: 'a', legs: [leg] });
    expect(order).toBeInstanceOf(Order);
    expect(order.limit).toBe(10);
    expect(order.legs[0]).toBeInstanceOf(Leg);
  });

  it('names every violation by JSON pointer and problem number', () => {
    expect(
      violations({ name: '', limit: 0, side: 'hold', legs: [{ symbol: '60051', price: 1e300 }], extra: 1 }),
    ).toEqual(['/extra 1001', '/name 1001', '/limit 1001', '/side 1001', '/legs/0/symbol 1102', '/legs/0/price 1001']);
  });

  it('says where in a list the first wrong item stands, and repeats nothing of it', () => {
    class Tags {
      @IsListOf({ name: 'small words', test: (one) => typeof one === 'string' && /^[a-z]+$/.test(one) }, 3)
      readonly tags!: string[];
    }
    const told = (tags: unknown): string => {
      try {
        check(Tags, { tags });
        return '';
      } catch (error) {
        expect(validateSync(plainToInstance(Tags, { tags }))[0]?.constraints).toEqual({
          isListOf: (error as InvalidInput).violations[0]?.message,
        });
        return (error as InvalidInput).message;
      }
    };
    const whole = '/tags must be a list of at most 3 small words';
    expect(told(['a', 'b\r\nc: d', 1])).toBe(`${whole}; the item at index 1 is wrong`);
    expect(told([1])).toBe(`${whole}; the item at index 0 is wrong`);
    for (const tags of ['a', ['a', 'b', 'c', 1]]) expect(told(tags)).toBe(whole);
    expect(describeShape(Tags)).toEqual({ tags: 'must be a list of at most 3 small words' });
  });

  it('drops unknown fields where told, refuses them otherwise, also __proto__', () => {
    expect(violations({ name: 'a', legs: [leg], extra: 1 }, { unknown: 'drop' })).toEqual([]);
    expect(violations(JSON.parse('{"name":"a","legs":[],"__proto__":{"limit":1}}'))).toContain('/__proto__ 1001');
    expect(violations(JSON.parse('{"name":"a","legs":[],"constructor":1}'))).toContain('/constructor 1001');
  });

  it.each([null, 5, 'text', [], [leg]])('refuses %j where an object is wanted', (raw) => {
    expect(violations(raw)).toEqual([' 1001']);
  });

  it('reads text only where told, and never guesses', () => {
    class Query {
      @IsCount(1, 100) readonly limit!: number;
    }
    expect(check(Query, { limit: '7' }, { from: 'text' }).limit).toBe(7);
    for (const limit of ['0', '-1', '1e9', '７', ' 7', '', '1000000000']) {
      expect(() => check(Query, { limit }, { from: 'text' })).toThrow(InvalidInput);
    }
    expect(() => check(Query, { limit: '7' })).toThrow(InvalidInput);
  });

  it('refuses days that do not exist and numbers a double cannot hold exactly', () => {
    expect(violations({ name: 'a', legs: [leg], day: '2023-02-29' })).toEqual(['/day 1204']);
    expect(violations({ name: 'a', legs: [leg], day: '9999-01-01' })).toEqual(['/day 1204']);
    expect(violations({ name: 'a', legs: [{ ...leg, price: 0.1 + 0.2 }] })).toEqual(['/legs/0/price 1001']);
  });

  it('gives the verdict of class-validator itself', () => {
    const maybe = (one: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.oneof(one, fc.jsonValue());
    const candidate = fc.record({
      name: maybe(fc.string({ maxLength: 10 })),
      limit: maybe(fc.integer({ min: -5, max: 120 })),
      side: maybe(fc.constantFrom('buy', 'sell', 'hold')),
      legs: maybe(
        fc.array(fc.record({ symbol: fc.constantFrom('600519.SH', 'x'), price: fc.double() }), { maxLength: 3 }),
      ),
    });
    fc.assert(
      fc.property(candidate, (raw) => {
        const stock =
          validateSync(plainToInstance(Order, raw), { whitelist: true, forbidNonWhitelisted: true }).length === 0;
        expect(violations(raw).length === 0).toBe(stock);
      }),
      { numRuns: 300 },
    );
  });
});

describe('an instant', () => {
  class Stamped {
    @IsInstant() readonly t!: string;
  }

  it.each([
    '2026-11-20T09:31:00+08:00',
    '2026-11-20T01:31:00Z',
    '2026-11-20T09:31:00.5+08:00',
    '2026-11-20T09:31:00.0000000+08:00',
    '2026-11-20T01:31:01.123456789Z',
    `2026-11-20T01:31:01.${'9'.repeat(40)}Z`,
  ])('an instant may have a fraction of any length: %s', (t) => {
    expect(check(Stamped, { t }).t).toBe(t);
  });

  it.each(['2026-11-20T09:31:02+0800', '2026-11-20T09:31:02', '2026-11-20T09:31:02.+08:00', '2026-11-20T09:31:02,5Z'])(
    'an instant is refused with the way to write it: %s',
    (t) => {
      expect(() => check(Stamped, { t })).toThrow('the zone is Z, +hh:mm or -hh:mm');
    },
  );
});
