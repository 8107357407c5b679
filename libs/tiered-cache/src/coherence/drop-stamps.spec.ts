import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DropStamps } from './drop-stamps.js';

describe('DropStamps', () => {
  it('refuses a name that was dropped since the fetch began, and allows it to the next fetch', () => {
    const drops = new DropStamps();
    const before = drops.now;
    drops.stamp(['key']);
    expect(drops.allows(['other', 'key'], before)).toBe(false);
    expect(drops.allows(['other'], before)).toBe(true);
    expect(drops.allows(['key'], drops.now)).toBe(true);
  });

  it('refuses every fetch that began before everything was dropped', () => {
    const drops = new DropStamps();
    const before = drops.now;
    drops.stampAll();
    expect(drops.allows([], before)).toBe(false);
    expect(drops.allows([], drops.now)).toBe(true);
  });

  it('remembers a name that was dropped again longer than one dropped in between', () => {
    const drops = new DropStamps(2);
    drops.stamp(['again']);
    drops.stamp(['between']);
    const ticket = drops.now;
    for (const name of ['again', 'one', 'two']) drops.stamp([name]);
    expect(drops.allows(['again'], ticket)).toBe(false);
  });

  const names = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 3 });
  const all = fc.constant(undefined);
  const history = fc.array(fc.oneof({ weight: 20, arbitrary: names }, { weight: 1, arbitrary: all }), {
    maxLength: 15,
  });

  it('never allows a name that was dropped since, whatever was evicted, and always allows a fetch that begins now', () => {
    fc.assert(
      fc.property(history, history, names, fc.integer({ min: 1, max: 6 }), (before, since, asked, namesMax) => {
        const stamps = new DropStamps(namesMax);
        const drop = (dropped: string[] | undefined): void => {
          if (dropped === undefined) stamps.stampAll();
          else stamps.stamp(dropped);
        };
        before.forEach(drop);
        const ticket = stamps.now;
        since.forEach(drop);
        const refused = since.some((one) => one === undefined || one.some((name) => asked.includes(name)));
        if (refused) expect(stamps.allows(asked, ticket)).toBe(false);
        if (namesMax === 6) expect(stamps.allows(asked, ticket)).toBe(!refused);
        expect(stamps.allows(asked, stamps.now)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
