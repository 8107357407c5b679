import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addDays,
  chinaDay,
  chinaLocal,
  dayStart,
  instantOf,
  isKnown,
  isTrading,
  isTradingDay,
  knownRange,
  nextActivity,
  nextClose,
  nextOpen,
  nextPhaseChange,
  phaseAt,
  previousTradingDay,
  sessionsOf,
  timeOn,
  tradingDays,
  weekday,
  withZone,
} from './index.js';
import { nextTradingDay } from './trading-days.js';

const CALENDAR = new URL('../../../../shared/data/cn_trading_calendar.csv', import.meta.url);
const china = (text: string): number => Date.parse(`${text}+08:00`);
const aDay = fc
  .integer({ min: 0, max: 20 * 365 })
  .map((count) => addDays('2007-01-01', count))
  .filter(isKnown);
const anInstant = fc.integer({ min: china('2007-01-01T00:00:00'), max: china('2026-12-20T00:00:00') });

describe('trading days', () => {
  (existsSync(CALENDAR) ? it : it.skip)('are those of the exchanges 2007-2026, or the file is not here', () => {
    const published = readFileSync(CALENDAR, 'utf8')
      .split('\n')
      .filter((line) => line >= '2007' && line < '2027');
    expect(tradingDays('2007-01-01', '2026-12-31')).toEqual(published);
  });

  it('are not make-up workdays, holidays, or New Year’s Eve 2024', () => {
    expect(isTradingDay('2024-02-04')).toBe(false);
    expect(isTradingDay('2024-10-01')).toBe(false);
    expect(isTradingDay('2024-02-09')).toBe(false);
    expect(isTradingDay('2024-02-19')).toBe(true);
  });

  it('are not guessed where no holidays are known', () => {
    expect(knownRange.from).toBe('2007-01-01');
    expect(knownRange.to >= '2026-12-31').toBe(true);
    expect(() => isTradingDay('2006-12-29')).toThrow(RangeError);
    expect(() => tradingDays('2026-12-01', '2099-01-04')).toThrow(RangeError);
    expect(nextTradingDay(knownRange.to)).toBeUndefined();
  });

  it('follow each other without a trading day between', () => {
    fc.assert(
      fc.property(aDay, (day) => {
        const next = nextTradingDay(day);
        if (next === undefined) return;
        expect(isTradingDay(next)).toBe(true);
        expect(tradingDays(addDays(day, 1), next)).toEqual([next]);
        expect(previousTradingDay(next) === day).toBe(isTradingDay(day));
      }),
    );
  });
});

describe('China time', () => {
  it('is eight hours ahead, whatever the machine’s zone', () => {
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
    for (let ms = Date.parse('1986-01-01T00:00:00Z'); ms < Date.parse('1993-01-01T00:00:00Z'); ms += 3_600_000) {
      for (const atMs of [ms, ms - 1_000]) {
        const local = chinaLocal(atMs).slice(0, 19);
        expect(local.replace('T', ' ')).toBe(shanghai.format(atMs));
        // Of the hour that comes twice in autumn the first one counts.
        expect([0, 3_600_000]).toContain(atMs - instantOf(local));
      }
    }
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

describe('sessions', () => {
  it.each([
    ['00:00:00', 'closed'],
    ['09:14:59.999', 'closed'],
    ['09:15:00', 'call_auction'],
    ['09:24:59', 'call_auction'],
    ['09:25:00', 'pre_open'],
    ['09:30:00', 'continuous'],
    ['11:29:59.999', 'continuous'],
    ['11:30:00', 'lunch'],
    ['13:00:00', 'continuous'],
    ['14:57:00', 'closing_auction'],
    ['15:00:00', 'closed'],
    ['23:59:59', 'closed'],
  ])('are at %s in phase %s on a trading day, closed on a holiday', (time, phase) => {
    expect(phaseAt(china(`2024-06-14T${time}`))).toBe(phase);
    expect(phaseAt(china(`2024-06-10T${time}`))).toBe('closed');
  });

  it('open next after lunch, the next morning, or after the holidays', () => {
    expect(nextOpen(china('2024-06-14T10:00:00'))).toBe(china('2024-06-14T13:00:00'));
    expect(nextClose(china('2024-06-14T10:00:00'))).toBe(china('2024-06-14T11:30:00'));
    expect(nextOpen(china('2024-02-08T15:00:00'))).toBe(china('2024-02-19T09:30:00'));
    expect(nextClose(china('2024-02-10T12:00:00'))).toBe(china('2024-02-19T11:30:00'));
    expect(nextOpen(china('2026-12-31T15:00:00'))).toBeUndefined();
    expect(sessionsOf('2024-06-10')).toEqual([]);
  });

  it('are the instants at which orders are matched', () => {
    fc.assert(
      fc.property(anInstant, (instant) => {
        const inside = sessionsOf(chinaDay(instant)).some((one) => instant >= one.openMs && instant < one.closeMs);
        expect(isTrading(phaseAt(instant))).toBe(inside);
        expect(nextOpen(instant)).toBeGreaterThan(instant);
      }),
    );
  });

  it.each([
    ['2024-06-14T09:14:59.999', '2024-06-14T09:15:00'],
    ['2024-06-14T09:15:00', '2024-06-14T13:00:00'],
    ['2024-06-14T11:30:00', '2024-06-14T13:00:00'],
    ['2024-06-14T13:00:00', '2024-06-17T09:15:00'],
    ['2024-06-15T00:00:00', '2024-06-17T09:15:00'],
    ['2024-02-08T15:00:00', '2024-02-19T09:15:00'],
  ])('let nothing move from %s to %s, unless the market is open', (instant, next) => {
    expect(nextActivity(china(instant))).toBe(china(next));
  });

  it('are followed by nothing that is known where the calendar ends', () => {
    const lastDay = tradingDays(`${knownRange.to.slice(0, 4)}-01-01`, knownRange.to).at(-1) ?? '';
    expect(nextActivity(china(`${lastDay}T13:00:00`))).toBeUndefined();
    expect(() => nextActivity(china('2006-12-29T10:00:00'))).toThrow(RangeError);
  });

  it('keep one phase until the next change', () => {
    fc.assert(
      fc.property(anInstant, (instant) => {
        const change = nextPhaseChange(instant);
        expect(change).toBeGreaterThan(instant);
        expect(phaseAt(change - 1)).toBe(phaseAt(instant));
      }),
    );
  });
});

const moves = (instantMs: number): boolean => !['closed', 'lunch'].includes(phaseAt(instantMs));

describe('the next activity', () => {
  it('is when quotes begin to move, and between a rest and it nothing does', () => {
    fc.assert(
      fc.property(anInstant, fc.double({ min: 0, max: 1, noNaN: true }), (instant, part) => {
        const next = nextActivity(instant) ?? 0;
        expect(next).toBeGreaterThan(instant);
        expect([moves(next), moves(next - 1)]).toEqual([true, false]);
        if (moves(instant)) return;
        expect(phaseAt(Math.floor(instant + (next - 1 - instant) * part))).toBe(phaseAt(instant));
      }),
    );
  });

  const itOnRealDays = existsSync(CALENDAR) ? it : it.skip;
  itOnRealDays('is that of the published trading days 2007-2026, or the file is not here', () => {
    const published = readFileSync(CALENDAR, 'utf8')
      .split('\n')
      .filter((line) => line >= '2007' && line < '2027');
    const starts = published.flatMap((day) => [china(`${day}T09:15:00`), china(`${day}T13:00:00`)]);
    fc.assert(
      fc.property(anInstant, (instant) => {
        expect(nextActivity(instant)).toBe(starts.find((start) => start > instant));
      }),
      { numRuns: 2_000 },
    );
    for (const [index, start] of starts.entries()) {
      expect(nextActivity(start - 1)).toBe(start);
      if (index > 0) expect(nextActivity(starts[index - 1] ?? 0)).toBe(start);
    }
  });
});
