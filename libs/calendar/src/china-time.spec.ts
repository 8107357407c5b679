import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays, chinaDay, chinaLocal, dayStart, instantOf, timeOn, weekday, withZone } from './index.js';

const aDay = fc.integer({ min: 0, max: 20 * 365 }).map((count) => addDays('2007-01-01', count));

describe('China time', () => {
  it('China time is eight hours ahead, whatever the machine’s zone', () => {
    expect(chinaDay(Date.parse('2024-06-13T15:59:59.999Z'))).toBe('2024-06-13');
    expect(chinaDay(Date.parse('2024-06-13T16:00:00Z'))).toBe('2024-06-14');
    expect(chinaLocal(Date.parse('2024-06-14T01:31:00Z'))).toBe('2024-06-14T09:31:00.000');
    expect(weekday('2024-06-14')).toBe(4);
  });

  it('starts each day where the day before ends', () => {
    fc.assert(
      fc.property(aDay, (day) => {
        expect(chinaDay(dayStart(day))).toBe(day);
        expect(chinaDay(dayStart(day) - 1)).toBe(addDays(day, -1));
      }),
    );
  });

  it('agrees with the tz database at every hour from 1986 to 1993, and at the edges of each summer', () => {
    const shanghai = new Intl.DateTimeFormat('sv', {
      ...{ timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'medium' },
    });
    const hours = Array.from({ length: 7 * 8_766 }, (_, hour) => Date.parse('1986-01-01T00:00:00Z') + hour * 3_600_000);
    const wrong = hours
      .flatMap((ms) => [ms, ms - 1_000])
      .filter((ms) => {
        const local = chinaLocal(ms).slice(0, 19);
        // Of the hour that comes twice in autumn the first one counts.
        const isBack = [0, 3_600_000].includes(ms - instantOf(local));
        return local.replace('T', ' ') !== shanghai.format(ms) || !isBack;
      });
    expect(wrong).toEqual([]);
  });

  it.each([
    ['1991-04-12T15:00:00', '1991-04-12T15:00:00+08:00'],
    ['1991-04-15T09:31:00', '1991-04-15T09:31:00+09:00'],
    ['1991-09-13T15:00:00', '1991-09-13T15:00:00+09:00'],
    ['1991-09-16T00:00:00', '1991-09-16T00:00:00+08:00'],
    ['2024-07-01T00:00:00', '2024-07-01T00:00:00+08:00'],
  ])('writes %s with the offset of its season', (local, zoned) => {
    expect(withZone(local)).toBe(zoned);
    expect(instantOf(local)).toBe(Date.parse(zoned));
    expect(timeOn(local.slice(0, 10), Date.parse(`1970-01-01T${local.slice(11)}Z`))).toBe(Date.parse(zoned));
  });
});
