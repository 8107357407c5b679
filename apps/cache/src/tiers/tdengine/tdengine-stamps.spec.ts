import { describe, expect, it } from '@jest/globals';
import { EVERYTHING, numberOf } from './tdengine-schema.js';
import { judged, type Stamps } from './tdengine-stamps.js';

const [OWN, OTHER] = [1, 2];
const asked = { name: 'key', fence: 10, writer: OWN, tags: ['tag', 'other'], shows: numberOf('0/5') };
const stamps = (invalidated: [string, number, string][], dropped: [string, number][] = []): Stamps => {
  const byName = new Map<string, { fence: number; writer: number; lsn: bigint }[]>();
  for (const [name, fence, lsn] of invalidated) {
    byName.set(name, [...(byName.get(name) ?? []), { fence, writer: OWN, lsn: numberOf(lsn) }]);
  }
  const drops = dropped.map(([name, fence]) => [name, [{ fence, writer: OWN, lsn: 0n }]] as const);
  return { invalidated: byName, dropped: new Map(drops), newest: 99 };
};

describe('an answer and the stamps of its names', () => {
  it('an answer and the stamps of its names is good when nothing touched it since its lease was given', () => {
    expect(judged(asked, stamps([]))).toBe('good');
    expect(judged(asked, stamps([['tag', 9, '0/9']], [[EVERYTHING, 9]]))).toBe('good');
    expect(judged(asked, stamps([['a tag it does not have', 11, '0/9']], [['another key', 11]]))).toBe('good');
  });

  it('an answer and the stamps of its names is invalidated by a write to one of its tags that it does not surely show', () => {
    expect(judged(asked, stamps([['other', 11, '0/6']]))).toBe('invalidated');
    expect(judged(asked, stamps([['other', 11, '0/5']]))).toBe('good');
    expect(judged({ ...asked, shows: undefined }, stamps([['other', 11, '0/1']]))).toBe('invalidated');
  });

  it('an answer and the stamps of its names is judged by each write, not by the newest position of all', () => {
    const earlier: [string, number, string] = ['tag', 9, '0/9'];
    expect(judged(asked, stamps([earlier, ['tag', 11, '0/4']]))).toBe('good');
    expect(judged(asked, stamps([earlier, ['tag', 11, '0/6']]))).toBe('invalidated');
  });

  it.each([EVERYTHING, 'key', 'other'])(
    'an answer and the stamps of its names is gone with a drop of %s, whatever it shows',
    (name) => {
      expect(judged(asked, stamps([['tag', 11, '0/6']], [[name, 10]]))).toBe('gone');
      expect(judged({ ...asked, fence: 11 }, stamps([], [[name, 10]]))).toBe('good');
    },
  );

  it('an answer and the stamps of its names is taken for older than what another instance stamped within a second before', () => {
    const late = { ...asked, fence: asked.fence + 1_000_000, writer: OTHER };
    expect(judged(late, stamps([['tag', 10, '0/9']]))).toBe('invalidated');
    expect(judged({ ...late, fence: late.fence + 1 }, stamps([['tag', 10, '0/9']], [['key', 10]]))).toBe('good');
    expect(judged(late, stamps([['tag', 10, '0/5']]))).toBe('good');
  });

  it('keeps the order of positions as numbers', () => {
    const positions = ['0/0', '0/FFFFFFFF', '1/0', '16/B374D848', '7FFFFFFF/FFFFFFFF'];
    const numbers = positions.map(numberOf);
    expect(numbers).toEqual(numbers.toSorted((a, b) => Number(a - b)));
    expect(numbers.at(-1)).toBe(2n ** 63n - 1n);
  });
});
