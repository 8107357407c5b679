import type { Quote } from '@mystocks/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contentOf, settle, type HeldQuote, type NamedQuote } from './settle.js';

const aQuote = fc
  .record({
    id: fc.integer({ min: 1, max: 3 }),
    second: fc.integer({ min: 0, max: 4 }),
    v: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    last: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ id, second, v, last }): NamedQuote => {
    const t = `2024-06-14T10:00:0${second}.000`;
    const quote = { symbol: '600000.SH', t: `${t}+08:00`, last, ...(v === undefined ? {} : { v }) };
    return { instrumentId: id, t, quote };
  });
const nothing = new Map<number, HeldQuote>();
const statuses = (quotes: readonly NamedQuote[]): number[] => settle(quotes, nothing).map(({ status }) => status);

describe('quotes in the order given', () => {
  it('quotes in the order given are numbered without a gap while they are not older than the one before, and nothing else is stored', () => {
    fc.assert(
      fc.property(fc.array(aQuote, { maxLength: 40 }), (quotes) => {
        const newest = new Map<number, { t: string; v: number; content: string; seq: number }>();
        for (const [index, verdict] of settle(quotes, nothing).entries()) {
          const { instrumentId, t, quote } = quotes[index]!;
          const before = newest.get(instrumentId) ?? { t: '', v: 0, content: '', seq: 0 };
          const [v, content] = [quote.v ?? 0, contentOf(quote)];
          const isOlder = t < before.t || (t === before.t && v < before.v);
          const isHeld = t === before.t && content === before.content;
          expect(verdict.status).toBe(isHeld ? 200 : isOlder ? 409 : 201);
          if (verdict.status !== 201) continue;
          expect(verdict.stored.seq).toBe(before.seq + 1);
          newest.set(instrumentId, { t, v, content, seq: verdict.stored.seq });
        }
      }),
    );
  });

  it('quotes in the order given hold the largest volume of the latest second, in whatever order its snapshots arrive', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 8 }), (volumes) => {
        const quotes = volumes.map((v, index): NamedQuote => {
          const t = '2024-06-14T15:00:00.000';
          return { instrumentId: 1, t, quote: { symbol: '600000.SH', t: `${t}+08:00`, last: index + 1, v } };
        });
        const stored = settle(quotes, nothing).flatMap((one) => (one.status === 201 ? [one.stored] : []));
        const largest = Math.max(...volumes);
        expect(stored.at(-1)?.quote).toMatchObject({ v: largest, last: volumes.lastIndexOf(largest) + 1 });
      }),
    );
  });

  it('quotes in the order given come out the same in one batch and in several', () => {
    fc.assert(
      fc.property(fc.array(aQuote, { maxLength: 40 }), fc.nat(40), (quotes, cut) => {
        const first = settle(quotes.slice(0, cut), nothing);
        const held = new Map(nothing);
        for (const verdict of first) {
          if (verdict.status !== 201) continue;
          const { instrumentId, seq, t, quote } = verdict.stored;
          held.set(instrumentId, { seq, t, v: quote.v ?? 0, content: contentOf(quote) });
        }
        expect([...first, ...settle(quotes.slice(cut), held)]).toEqual(settle(quotes, nothing));
      }),
    );
  });

  it('quotes in the order given change nothing the second time, replace one of the same stamp, and are refused with less volume than it', () => {
    const quote = { symbol: '600000.SH', t: '2024-06-14T10:00:00+08:00', last: 8.1, bids: [{ p: 8.09, s: 100 }] };
    const named = { instrumentId: 1, t: '2024-06-14T10:00:00.000', quote };
    const of = (more: Partial<Quote>): NamedQuote => ({ ...named, quote: { ...quote, ...more } });
    expect(statuses([named, named, of({ last: 8.2 }), of({ last: 8.3, v: 100 })])).toEqual([201, 200, 201, 201]);
    expect(statuses([of({ v: 100 }), of({ v: 99 }), named, of({ v: 100, last: 8.2 })])).toEqual([201, 409, 409, 201]);
    expect(statuses([of({ v: 0 }), named])).toEqual([201, 201]);
  });

  it('quotes in the order given are ordered by microseconds', () => {
    const at = (t: string): NamedQuote => ({ instrumentId: 1, t, quote: { symbol: '600000.SH', t, last: 1, v: 1 } });
    const stamps = ['10:00:00.123', '10:00:00.123001', '10:00:00.123', '10:00:00.124'];
    expect(statuses(stamps.map((time) => at(`2024-06-14T${time}`)))).toEqual([201, 201, 409, 201]);
  });
});
