import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contentOf, settle, type HeldQuote, type NamedQuote } from './settle.js';

const aQuote = fc
  .record({
    id: fc.integer({ min: 1, max: 3 }),
    second: fc.integer({ min: 0, max: 9 }),
    last: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ id, second, last }): NamedQuote => {
    const t = `2024-06-14T10:00:0${second}.000`;
    return { instrumentId: id, t, quote: { symbol: '600000.SH', t: `${t}+08:00`, last } };
  });
const nothing = new Map<number, HeldQuote>();

describe('quotes in the order given', () => {
  it('are numbered without a gap while they grow newer, and nothing else is stored', () => {
    fc.assert(
      fc.property(fc.array(aQuote, { maxLength: 40 }), (quotes) => {
        const newest = new Map<number, { t: string; seq: number }>();
        for (const [index, verdict] of settle(quotes, nothing).entries()) {
          const { instrumentId, t } = quotes[index]!;
          const before = newest.get(instrumentId) ?? { t: '', seq: 0 };
          expect(verdict.status === 201).toBe(t > before.t);
          if (verdict.status !== 201) continue;
          expect(verdict.stored.seq).toBe(before.seq + 1);
          newest.set(instrumentId, { t, seq: verdict.stored.seq });
        }
      }),
    );
  });

  it('come out the same in one batch and in several', () => {
    fc.assert(
      fc.property(fc.array(aQuote, { maxLength: 40 }), fc.nat(40), (quotes, cut) => {
        const first = settle(quotes.slice(0, cut), nothing);
        const held = new Map(nothing);
        for (const verdict of first) {
          if (verdict.status !== 201) continue;
          const { instrumentId, seq, t, quote } = verdict.stored;
          held.set(instrumentId, { seq, t, content: contentOf(quote) });
        }
        expect([...first, ...settle(quotes.slice(cut), held)]).toEqual(settle(quotes, nothing));
      }),
    );
  });

  it('are nothing new the second time, and out of date when they say something else for the same time', () => {
    const quote = { symbol: '600000.SH', t: '2024-06-14T10:00:00+08:00', last: 8.1, bids: [{ p: 8.09, s: 100 }] };
    const named = { instrumentId: 1, t: '2024-06-14T10:00:00.000', quote };
    const other = { ...named, quote: { ...quote, last: 8.2 } };
    expect(settle([named, named, other], nothing).map(({ status }) => status)).toEqual([201, 200, 409]);
  });
});
