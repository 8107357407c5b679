import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DropStamps, type Ticket } from './drop-stamps.js';

describe('DropStamps', () => {
  it('refuses a name that was dropped since the fetch began, and allows it to the next one', () => {
    const drops = new DropStamps();
    const before = drops.now;
    drops.stamp(['key']);
    expect(drops.allows(['other', 'key'], before)).toBe(false);
    expect(drops.allows(['other'], before)).toBe(true);
    expect(drops.allows(['key'], drops.now)).toBe(true);
  });

  it('refuses everything that was under way when all was dropped', () => {
    const drops = new DropStamps();
    const before = drops.now;
    drops.stampAll();
    expect(drops.allows([], before)).toBe(false);
    expect(drops.allows([], drops.now)).toBe(true);
  });

  const names = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 3 });
  const history = fc.array(fc.oneof(names, fc.constant(undefined)), { maxLength: 30 });

  it('bounded or not, never allows what was dropped since, and always what begins now', () => {
    fc.assert(
      fc.property(history, fc.nat(30), names, fc.integer({ min: 1, max: 6 }), (drops, beganAt, asked, namesMax) => {
        const stamps = new DropStamps(namesMax);
        let ticket: Ticket = stamps.now;
        for (const [at, dropped] of drops.entries()) {
          if (at === beganAt) ticket = stamps.now;
          if (dropped === undefined) stamps.stampAll();
          else stamps.stamp(dropped);
        }
        if (beganAt >= drops.length) ticket = stamps.now;
        const since = drops.slice(beganAt);
        const refused = since.some((one) => one === undefined || one.some((name) => asked.includes(name)));
        if (refused) expect(stamps.allows(asked, ticket)).toBe(false);
        if (namesMax === 6) expect(stamps.allows(asked, ticket)).toBe(!refused);
        expect(stamps.allows(asked, stamps.now)).toBe(true);
      }),
    );
  });
});
