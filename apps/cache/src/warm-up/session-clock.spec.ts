import { describe, expect, it } from '@jest/globals';
import { chinaDay, chinaLocal, tradingDays } from '@mystocks/calendar';
import { isStill, nextSessionRun } from './session-clock.js';

const at = (local: string): number => Date.parse(`${local}+08:00`);

describe('when the cache is warmed before a session', () => {
  it.each([
    ['2024-01-01', '2025-01-01', '2024-12-31'],
    ['2025-01-01', '2026-01-01', '2025-12-31'],
  ])(
    'the warm-up before a session is at 09:25 on every trading day from %s on, and on no other',
    (start, end, last) => {
      const runs: number[] = [];
      let run = nextSessionRun(at(`${start}T00:00:00`));
      while (run.atMs < at(`${end}T00:00:00`)) {
        runs.push(run.atMs);
        expect(run.day).toBe(chinaDay(run.atMs));
        run = nextSessionRun(run.atMs);
      }
      expect(runs.map((ms) => chinaLocal(ms))).toEqual(tradingDays(start, last).map((day) => `${day}T09:25:00.000`));
    },
  );

  it('passes over weekends, the Spring Festival and National Day', () => {
    const next = (local: string): string => nextSessionRun(at(local)).day;
    expect(next('2024-02-08T09:25:00')).toBe('2024-02-19');
    expect(next('2024-02-08T09:24:59')).toBe('2024-02-08');
    expect(next('2024-09-30T15:00:00')).toBe('2024-10-08');
    expect(next('2024-06-14T12:00:00')).toBe('2024-06-17');
  });

  it('the warm-up before a session is due on every weekday beyond the end of the calendar', () => {
    expect(nextSessionRun(at('2100-06-04T09:25:00'))).toEqual({ day: '2100-06-07', atMs: at('2100-06-07T09:25:00') });
  });
});

describe('whether quotes stand still', () => {
  it.each([
    ['2024-06-14T09:14:59', true],
    ['2024-06-14T09:15:00', false],
    ['2024-06-14T09:25:00', false],
    ['2024-06-14T11:30:00', true],
    ['2024-06-14T13:00:00', false],
    ['2024-06-14T15:00:00', true],
    ['2024-06-15T10:00:00', true],
    ['2100-06-01T03:00:00', false],
  ])('%s: %s', (local, still) => {
    expect(isStill(at(local))).toBe(still);
  });
});
