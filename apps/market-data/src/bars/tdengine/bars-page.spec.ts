import { describe, expect, it } from '@jest/globals';
import { barsPage } from './bars-page.js';
import type { ShownBar } from '../stored/shown-bar.js';

const bar = (day: number, price: number | null = 1): ShownBar => ({
  t: `2024-06-${String(day).padStart(2, '0')}T00:00:00`,
  ...{ open: price, high: price, low: price, close: price, volume: 1, amount: null },
});
const days = (page: ReturnType<typeof barsPage>): [number, number, string | undefined][] =>
  page.map(({ place, total, edge }) => [place, total, edge?.slice(8, 10)]);

describe('a page of bars', () => {
  it('ends for all where the first one had to stop', () => {
    const candidates = [
      { place: 0, bars: [bar(3), bar(4), bar(5)], filled: false },
      { place: 1, bars: [bar(4), bar(7), bar(8)], filled: false },
      { place: 2, bars: [bar(6)], filled: false },
    ];
    expect(days(barsPage(candidates, { limit: 2, sort: 'asc' }))).toEqual([
      [0, 2, '04'],
      [1, 1, '04'],
    ]);
    const turned = candidates.map((one) => ({ ...one, bars: one.bars.toReversed() }));
    expect(days(barsPage(turned, { limit: 2, sort: 'desc' }))).toEqual([[1, 2, '07']]);
  });

  it('a page of bars has no end when everything fits, and one when the rows behind it were cut off', () => {
    const bars = [bar(3), bar(4)];
    expect(days(barsPage([{ place: 0, bars, filled: false }], { limit: 2, sort: 'asc' }))).toEqual([[0, 2, undefined]]);
    expect(days(barsPage([{ place: 0, bars, filled: true }], { limit: 5, sort: 'asc' }))).toEqual([[0, 2, '04']]);
  });

  it('counts bars whose price is not known, and tells the newest', () => {
    const [page] = barsPage([{ place: 0, bars: [bar(3, null), bar(4)], filled: false }], { limit: 5, sort: 'asc' });
    expect(page).toMatchObject({ total: 2, priced: 1, newest: '2024-06-04T00:00:00' });
  });
});
