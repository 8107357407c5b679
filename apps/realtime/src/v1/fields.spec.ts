import { describe, expect, it } from '@jest/globals';
import { cut, wishOf } from './fields.js';

const quote = { t: '2024-06-14T10:00:00+08:00', last: 10.5, prev_close: 10, v: 300, bids: [{ p: 10.4, s: 100 }] };

describe('the field filter of v1', () => {
  it('gives just what was asked for, in the words of the original', () => {
    expect(cut(quote, ['price', 'bids'])).toEqual({ price: 10.5, bids: [{ p: 10.4, s: 100 }] });
    expect(cut(quote, ['open', 'last', 'toString', '__proto__'])).toEqual({});
  });

  it('gives price, volume and timestamp when nothing was asked for', () => {
    expect(wishOf(undefined)).toEqual(['price', 'timestamp', 'volume']);
    expect(wishOf([])).toEqual(wishOf(undefined));
    expect(cut(quote, wishOf(undefined))).toEqual({ price: 10.5, volume: 300, timestamp: quote.t });
  });

  it('makes one wish of equal ones', () => {
    expect(wishOf(['b', 'a', 'b'])).toEqual(wishOf(['a', 'b']));
  });
});
