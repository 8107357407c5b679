import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  chinaDay,
  isTrading,
  nextActivity,
  nextClose,
  nextOpen,
  nextPhaseChange,
  phaseAt,
  previousTradingDay,
  sessionsOf,
} from './index.js';
import { recordedData } from '@mystocks/testing';

const CALENDAR = new URL('cn_trading_calendar.csv', recordedData);
const china = (text: string): number => Date.parse(`${text}+08:00`);
const anInstant = fc.integer({ min: china('2007-01-01T00:00:00'), max: china('2026-12-20T00:00:00') });

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
  ])('sessions are at %s in phase %s on a trading day, closed on a holiday', (time, phase) => {
    expect(phaseAt(china(`2024-06-14T${time}`))).toBe(phase);
    expect(phaseAt(china(`2024-06-10T${time}`))).toBe('closed');
  });

  it('sessions open next after lunch, the next morning, or after the holidays', () => {
    expect(nextOpen(china('2024-06-14T10:00:00'))).toBe(china('2024-06-14T13:00:00'));
    expect(nextClose(china('2024-06-14T10:00:00'))).toBe(china('2024-06-14T11:30:00'));
    expect(nextOpen(china('2024-02-08T15:00:00'))).toBe(china('2024-02-19T09:30:00'));
    expect(nextClose(china('2024-02-10T12:00:00'))).toBe(china('2024-02-19T11:30:00'));
    expect(sessionsOf('2024-06-10')).toEqual([]);
  });

  it('sessions are the instants at which orders are matched', () => {
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
  ])('sessions let nothing move from %s to %s, unless the market is open', (instant, next) => {
    expect(nextActivity(china(instant))).toBe(china(next));
  });

  it('sessions begin with the first day of the exchange', () => {
    expect(phaseAt(china('1990-12-18T10:00:00'))).toBe('closed');
    expect(nextActivity(china('1980-01-01T10:00:00'))).toBe(china('1990-12-19T09:15:00'));
    expect(previousTradingDay('1990-12-19')).toBeUndefined();
  });

  it('sessions keep one phase until the next change', () => {
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
  it('the next activity is when quotes begin to move, and between a rest and it nothing does', () => {
    fc.assert(
      fc.property(anInstant, fc.double({ min: 0, max: 1, noNaN: true }), (instant, part) => {
        const next = nextActivity(instant);
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
