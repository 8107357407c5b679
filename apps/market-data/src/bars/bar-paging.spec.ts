import { timeframes } from '@mystocks/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { barQuality } from './bar-quality.js';
import { barWindow, beginsInAuction } from './stored/bar-window.js';
import { pageToken, stampOf } from './page-token.js';
import { sessionBin } from './stored/session-bin.js';

const aStamp = fc
  .date({ min: new Date('1991-01-01T00:00:00Z'), max: new Date('2099-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 19));
const aQuestion = fc.array(fc.oneof(fc.string(), fc.constant(undefined)), { maxLength: 6 });

describe('a page token', () => {
  it('stands for its stamp in its own question, and in no other', () => {
    fc.assert(
      fc.property(aStamp, aQuestion, fc.string(), (stamp, question, more) => {
        const token = pageToken(stamp, question);
        expect(token).toMatch(/^[A-Za-z0-9_-]{1,200}$/);
        expect(stampOf(token, question)).toBe(stamp);
        expect(() => stampOf(token, [...question, more])).toThrow('page_token');
      }),
    );
  });

  it('a page token is refused when a single character is another one, or it is anything else', () => {
    fc.assert(
      fc.property(aStamp, fc.nat(), (stamp, at) => {
        const token = pageToken(stamp, []);
        const index = at % token.length;
        const changed = `${token.slice(0, index)}${token[index] === 'A' ? 'B' : 'A'}${token.slice(index + 1)}`;
        expect(() => stampOf(changed, [])).toThrow('page_token');
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => expect(() => stampOf(text, [])).toThrow('page_token')));
  });
});

describe('a session bin', () => {
  it('holds its stamp, ends inside a session and is one frame long but for the first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 900 }), fc.constantFrom(5, 15, 30, 60), (minute, frame) => {
        const { after, end } = sessionBin(minute, frame);
        expect(minute > after && minute <= end).toBe(true);
        expect((end > 570 && end <= 690) || (end > 780 && end <= 900)).toBe(true);
        expect(end - after === frame || after === -1 || after === 690).toBe(true);
      }),
    );
  });
});

describe('the window of a question', () => {
  it('takes a day as the end with all of it, and instants in any zone', () => {
    const ask = { timeframe: '1Min', start: '2024-06-14T01:30:00Z', end: '2024-06-14', sort: 'asc' } as const;
    expect(barWindow(ask, undefined)).toMatchObject({ from: '2024-06-14T09:30:00.000', to: '2024-06-14T23:59:59.999' });
    expect(() => barWindow({ ...ask, start: '2024-06-15' }, undefined)).toThrow('start lies after end');
  });

  it('reads whole periods, but nothing that was not known', () => {
    const ask = { start: '2024-02-14', end: '2024-02-14', sort: 'asc' } as const;
    expect(barWindow({ ...ask, timeframe: '1Month' }, undefined)).toMatchObject({
      ...{ storedFrom: '2024-02-01T00:00:00.000', storedTo: '2024-02-29T23:59:59.999', knownTo: 'infinity' },
    });
    expect(barWindow({ ...ask, timeframe: '1Week', asof: '2024-02-15' }, undefined)).toMatchObject({
      ...{ storedFrom: '2024-02-12T00:00:00.000', storedTo: '2024-02-15T23:59:59.999', to: '2024-02-14T23:59:59.999' },
    });
  });

  it.each([
    ['2024-06-14', '2024-06-14T00:00:00.000', false],
    ['2024-06-14T09:25:00+08:00', '2024-06-14T00:00:00.000', true],
    ['2024-06-14T09:31:00+08:00', '2024-06-14T00:00:00.000', true],
    ['2024-06-14T09:31:01+08:00', '2024-06-14T09:31:01.000', false],
    ['2024-06-14T15:00:00+08:00', '2024-06-14T15:00:00.000', false],
  ])('the window of a question of minutes from %s on reads from %s on', (start, storedFrom, isInAuction) => {
    const window = barWindow({ timeframe: '1Min', start, sort: 'asc' }, undefined);
    expect(window.storedFrom).toBe(storedFrom);
    expect(beginsInAuction(window)).toBe(isInAuction);
    expect(beginsInAuction(barWindow({ timeframe: '1Min', sort: 'desc' }, undefined))).toBe(false);
  });

  it('begins after the last stamp, from either side', () => {
    fc.assert(
      fc.property(aStamp, fc.constantFrom(...timeframes), (after, timeframe) => {
        const up = barWindow({ timeframe, sort: 'asc' }, after);
        const down = barWindow({ timeframe, sort: 'desc' }, after);
        expect(up.from > after && up.to === 'infinity').toBe(true);
        expect(down.to < after && down.from === '-infinity').toBe(true);
        expect(down.storedTo >= down.to).toBe(true);
        expect(timeframe === '1Day' || up.storedFrom <= up.from || up.from.slice(10) > 'T15').toBe(true);
      }),
    );
  });
});

describe('the quality of bars', () => {
  const now = { ms: Date.parse('2024-06-14T10:00:30+08:00'), phase: 'continuous' } as const;

  it.each([
    ['eod', '2024-06-13T00:00:00', undefined],
    ['live', '2024-06-14T10:00:00', 1],
    ['live', '2024-06-14T10:30:00', 60],
    ['delayed', '2024-06-14T09:55:00', 1],
    ['delayed', '2024-06-14T00:00:00', undefined],
  ])('the quality of bars is %s when the newest is of %s', (expected, stamp, minutes) => {
    expect(barQuality({ stamp, minutes }, now)).toBe(expected);
  });

  it('the quality of bars is that of nothing live at lunch, as for quotes: no newer bar can come', () => {
    const lunch = { ms: Date.parse('2024-06-14T11:30:00+08:00'), phase: 'lunch' } as const;
    expect(barQuality({ stamp: '2024-06-14T11:30:00', minutes: 1 }, lunch)).toBe('delayed');
    expect(barQuality({ stamp: '2024-06-13T15:00:00', minutes: 1 }, lunch)).toBe('eod');
  });

  it('stays the same from the close to the next opening auction, whatever a bar is stamped', () => {
    const at = (time: string, stamp: string): string =>
      barQuality({ stamp, minutes: 1 }, { ms: Date.parse(`${time}+08:00`), phase: 'closed' });
    for (const time of ['2024-06-14T15:00:00', '2024-06-15T12:00:00', '2024-06-17T09:14:59']) {
      expect(at(time, '2024-06-14T15:00:00')).toBe('eod');
      expect(at(time, '2024-06-15T10:00:00')).toBe('eod');
      expect(at(time, '2024-06-17T10:00:00')).toBe('delayed');
    }
  });

  it('the quality of bars is that of closed history after the close', () => {
    const closed = { ms: Date.parse('2024-06-14T15:00:00+08:00'), phase: 'closed' } as const;
    expect(barQuality({ stamp: '2024-06-14T15:00:00', minutes: 1 }, closed)).toBe('eod');
  });
});
