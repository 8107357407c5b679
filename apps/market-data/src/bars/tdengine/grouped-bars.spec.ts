import { addDays } from '@mystocks/calendar';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { groupedBars, groupOf } from './grouped-bars.js';
import type { StoredBar } from '../stored/shown-bar.js';

const bar = (t: string, values: Partial<StoredBar> = {}): StoredBar => ({
  ...{ t, open: 1, high: 1, low: 1, close: 1, volume: 1, amount: 1 },
  ...values,
});

describe('bars put together', () => {
  const week = [
    bar('2024-06-13T00:00:00', { open: 1, high: 5, low: 1, close: 2, volume: 999_999_999_999_999, amount: 0.1 }),
    bar('2024-06-14T00:00:00', { open: 3, high: 9, low: 0.5, close: 4, volume: 999_999_999_999_999, amount: 0.2 }),
  ];

  it.each(['asc', 'desc'] as const)(
    'bars put together open with the first, close with the last and lose nothing, %s',
    (sort) => {
      const given = sort === 'asc' ? week : week.toReversed();
      expect(groupedBars(given, { timeframe: '1Week', sort, cut: false })).toMatchObject([
        {
          t: '2024-06-14T00:00:00',
          open: 1,
          high: 9,
          low: 0.5,
          close: 4,
          volume: 1_999_999_999_999_998n,
          amount: '0.3',
        },
      ]);
    },
  );

  it('bars put together leave the prices of suspended days out, unless there is no other day', () => {
    const suspended = bar('2024-06-12T00:00:00', { open: 0.1, high: 20, low: 0.1, close: 0.1, suspended: true });
    const options = { timeframe: '1Week', sort: 'asc', cut: false } as const;
    expect(groupedBars([suspended, ...week], options)).toMatchObject([
      { open: 1, high: 9, low: 0.5, close: 4, suspended: false },
    ]);
    expect(groupedBars([suspended], options)).toMatchObject([{ open: 0.1, high: 20, suspended: true }]);
  });

  it('bars put together have no amount when one of them has none', () => {
    const [together] = groupedBars([...week.slice(0, 1), bar('2024-06-14T00:00:00', { amount: null })], {
      ...{ timeframe: '1Month', sort: 'asc', cut: false },
    });
    expect(together?.amount).toBeNull();
  });

  it('bars put together leave out the last group when it may lack bars', () => {
    const days = [bar('2024-06-14T00:00:00'), bar('2024-06-17T00:00:00')];
    const options = { timeframe: '1Week', sort: 'asc' } as const;
    expect(groupedBars(days, { ...options, cut: true }).map(({ t }) => t)).toEqual(['2024-06-14T00:00:00']);
    expect(groupedBars(days, { ...options, cut: false })).toHaveLength(2);
    expect(groupedBars([], { ...options, cut: true })).toEqual([]);
  });

  it('bars put together belong to the Monday of their week and to their month', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12_000 }), (offset) => {
        const day = addDays('1990-12-19', offset);
        const monday = groupOf('1Week')(`${day}T00:00:00`);
        expect(new Date(monday).getUTCDay()).toBe(1);
        expect(monday <= day && day <= addDays(monday, 6)).toBe(true);
        expect(groupOf('1Month')(`${day}T00:00:00`)).toBe(day.slice(0, 7));
      }),
    );
  });
});
