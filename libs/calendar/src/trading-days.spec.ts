import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addDays,
  builtInDays,
  calendarRange,
  dayStart,
  isProvisional,
  isTradingDay,
  nextActivity,
  nextClose,
  nextOpen,
  phaseAt,
  previousTradingDay,
  sessionsOf,
  tradesOn,
  tradingDays,
  useCalendar,
  weekday,
} from './index.js';
import { nextTradingDay } from './trading-days.js';
import { recordedData } from '@mystocks/testing';

const CALENDAR = new URL('cn_trading_calendar.csv', recordedData);
const china = (text: string): number => Date.parse(`${text}+08:00`);
const aDay = fc.integer({ min: 0, max: 20 * 365 }).map((count) => addDays('2007-01-01', count));

describe('trading days', () => {
  (existsSync(CALENDAR) ? it : it.skip)('are those of the exchanges 1990-2026, or the file is not here', () => {
    const [, ...published] = readFileSync(CALENDAR, 'utf8').trimEnd().split('\n');
    expect(tradingDays('1990-12-19', '2026-12-31')).toEqual(published);
    const all = Array.from({ length: 13_162 }, (_, index) => addDays('1990-12-19', index));
    expect(all.at(-1)).toBe('2026-12-31');
    expect(all.filter(isTradingDay)).toEqual(published);
    expect(all.filter((day) => tradesOn('SSE', Number(day.replaceAll('-', ''))))).toEqual(published);
    expect(all.some(isProvisional)).toBe(false);
  });

  it.each([
    ['SZSE', 19910406, true],
    ['SSE', 19910406, false],
    ['SZSE', 19910929, true],
    ['SZSE', 19920411, false],
    ['SZSE', 19930502, true],
    ['BSE', 19930502, false],
    ['SSE', 19901218, false],
    ['SSE', 18991218, false],
    ['SSE', 20991231, true],
    ['SSE', 21011230, true],
    ['SZSE', 21011231, false],
  ])('trading days are for %s on %d: %s, weekend sessions of Shenzhen included', (exchange, day, trades) => {
    expect(tradesOn(exchange, day)).toBe(trades);
  });

  it('trading days are provisional weekdays beyond the end of the calendar', () => {
    const { from, to } = calendarRange();
    expect(from).toBe('1990-12-19');
    expect(to >= '2026-12-31').toBe(true);
    for (let day = addDays(to, 1); day < addDays(to, 1_500); day = addDays(day, 1)) {
      expect([isTradingDay(day), isProvisional(day)]).toEqual([weekday(day) < 5, true]);
      expect(tradesOn('SZSE', Number(day.replaceAll('-', '')))).toBe(weekday(day) < 5);
    }
    expect(nextOpen(china(`${to}T15:00:00`))).toBe(china(`${nextTradingDay(to)}T09:30:00`));
    expect(nextActivity(china('2099-01-02T15:00:00'))).toBe(china('2099-01-05T09:15:00'));
  });

  it('trading days follow a calendar that is put in place of the built-in one', () => {
    const builtIn = builtInDays();
    const states = (days: number): string => builtIn.states.slice(0, days);
    const sinceFirst = (day: string): number => (dayStart(day) - dayStart('1990-12-19')) / 86_400_000;
    try {
      // Opens a Saturday, closes a Monday, gives Tuesday a morning and Wednesday an afternoon, and ends on Thursday.
      useCalendar({ from: builtIn.from, states: `${states(sinceFirst('2024-06-15'))}300123` });
      expect(tradingDays('2024-06-14', '2024-06-25')).toEqual([
        ...['2024-06-14', '2024-06-15', '2024-06-18', '2024-06-19', '2024-06-20'],
        ...['2024-06-21', '2024-06-24', '2024-06-25'],
      ]);
      expect([isProvisional('2024-06-20'), isProvisional('2024-06-21')]).toEqual([false, true]);
      expect(sessionsOf('2024-06-18')).toEqual([
        { openMs: china('2024-06-18T09:30:00'), closeMs: china('2024-06-18T11:30:00') },
      ]);
      expect(['10:00', '11:30', '13:30'].map((time) => phaseAt(china(`2024-06-18T${time}:00`)))).toEqual([
        ...['continuous', 'closed', 'closed'],
      ]);
      expect(['10:00', '12:00', '13:30'].map((time) => phaseAt(china(`2024-06-19T${time}:00`)))).toEqual([
        ...['closed', 'closed', 'continuous'],
      ]);
      expect(nextActivity(china('2024-06-18T10:00:00'))).toBe(china('2024-06-19T13:00:00'));
      expect(nextClose(china('2024-06-19T09:00:00'))).toBe(china('2024-06-19T15:00:00'));
    } finally {
      useCalendar(builtIn);
    }
  });

  it('trading days are not make-up workdays, holidays, or New Year’s Eve 2024', () => {
    expect(isTradingDay('2024-02-04')).toBe(false);
    expect(isTradingDay('2024-10-01')).toBe(false);
    expect(isTradingDay('2024-02-09')).toBe(false);
    expect(isTradingDay('2024-02-19')).toBe(true);
  });

  it('trading days follow each other without a trading day between', () => {
    fc.assert(
      fc.property(aDay, (day) => {
        const next = nextTradingDay(day);
        expect(isTradingDay(next)).toBe(true);
        expect(tradingDays(addDays(day, 1), next)).toEqual([next]);
        expect(previousTradingDay(next) === day).toBe(isTradingDay(day));
      }),
    );
  });
});
