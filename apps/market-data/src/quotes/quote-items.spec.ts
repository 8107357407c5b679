import { describe, expect, it } from '@jest/globals';
import { readQuote } from './quote-items.js';

const read = (item: unknown): Promise<unknown> => readQuote(item, Date.now(), () => Promise.resolve(undefined));

describe('an item of a batch of quotes', () => {
  it.each([
    ['the quote must be an object', null],
    ['the quote must be an object', '600000.SH'],
    ['symbol is missing; t is missing', {}],
  ])('an item of a batch that is not a quote is refused in words for people: %s', async (message, item) => {
    expect(await read(item)).toMatchObject({ refused: { status: 400, message } });
  });
});
