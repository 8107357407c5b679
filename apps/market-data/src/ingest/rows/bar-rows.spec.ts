import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { barKey, barPlace, BarRows, endsOf } from './bar-rows.js';

function rowsOf(...given: [key: number, line: number, text: string][]): BarRows {
  const rows = new BarRows(4);
  for (const [key, line, text] of given) {
    const at = rows.end;
    rows.add(key, line, at + rows.room(512).write(text, at));
  }
  return rows;
}

describe('the place of a bar as one number', () => {
  it('reads back, for any instrument, frame, day and minute', () => {
    const minutes = fc.constantFrom(0, 1, 5, 15, 30, 60);
    const date = fc.date({ min: new Date('1990-12-19'), max: new Date('2099-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 23 - 1 }),
        minutes,
        date,
        fc.integer({ min: 0, max: 1_439 }),
        (instrument, frame, at, minute) => {
          const day = at.toISOString().slice(0, 10);
          const place = barPlace(barKey(instrument, frame, Number(day.replaceAll('-', '')), minute));
          expect(place).toMatchObject({ instrument, day, timeframe: frame === 0 ? '1Day' : `${frame}Min` });
          expect(place.time).toBe(
            `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`,
          );
        },
      ),
    );
  });

  it('orders as bars do', () => {
    const keys = [
      barKey(1, 0, 20240103, 0),
      barKey(2, 0, 20240101, 0),
      barKey(2, 0, 20240201, 0),
      barKey(2, 1, 20240101, 571),
    ];
    expect([...keys].sort((a, b) => a - b)).toEqual(keys);
  });
});

describe('the rows of a block', () => {
  it('the rows of a block store the last of several lines about one bar, wherever they stand', () => {
    const rows = rowsOf([5, 2, 'a\n'], [7, 3, 'b\n'], [5, 4, 'c\n'], [9, 5, 'd\n'], [7, 6, 'e\n'], [5, 7, 'f\n']);
    expect(rows.copyText().toString()).toBe('d\ne\nf\n');
    expect(rows.stored()).toEqual([3, 4, 5]);
    expect([...rows.superseded]).toEqual([
      [0, 4],
      [1, 6],
      [2, 7],
    ]);
  });

  it('the rows of a block agree with a plain map for any order of keys', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 }), (keys) => {
        const rows = rowsOf(...keys.map((key, at): [number, number, string] => [key, at, `${key}:${at}\n`]));
        const last = new Map(keys.map((key, at) => [key, `${key}:${at}`]));
        expect(rows.copyText().toString().split('\n').filter(Boolean).sort()).toEqual([...last.values()].sort());
      }),
    );
  });

  it('the rows of a block keep the values of a replaced line that the later one lacks, as lines stored one after the other do', () => {
    const none = String.raw`\N`;
    const cell = fc.constantFrom(none, '1', '22.5', '12345678.90');
    const line = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.tuple(cell, cell, cell));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const rows = rowsOf(
          ...lines.map(([key, cells], at): [number, number, string] => [key, at, `${key}\t${cells.join('\t')}\n`]),
        );
        const standing = new Map<number, string[]>();
        for (const [key, cells] of lines) {
          const before = standing.get(key);
          const merged = cells.map((value, at) => (value === none ? (before?.[at] ?? none) : value));
          standing.set(key, merged);
        }
        const expected = [...standing].map(([key, cells]) => [String(key), ...cells]);
        expect(rows.stored().map((row) => rows.cells(row))).toEqual(expect.arrayContaining(expected));
        expect(rows.copyText().toString().split('\n').filter(Boolean).sort()).toEqual(
          expected.map((cells) => cells.join('\t')).sort(),
        );
      }),
    );
  });

  it('the rows of a block know the ends of each instrument and frame', () => {
    const [early, late, other] = [barKey(1, 0, 20240101, 0), barKey(1, 0, 20240301, 0), barKey(1, 1, 20240101, 571)];
    expect([...endsOf([late, other, early]).values()]).toEqual([
      { oldest: early, newest: late },
      { oldest: other, newest: other },
    ]);
  });
});
