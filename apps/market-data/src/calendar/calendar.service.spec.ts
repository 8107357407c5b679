import { describe, expect, it } from '@jest/globals';
import { CalendarService } from './calendar.service.js';

const at = (time: string): CalendarService => new CalendarService({ now: () => Date.parse(`${time}+08:00`) });
const read = (answer: { body: Buffer }): unknown => JSON.parse(answer.body.toString());

describe('the calendar', () => {
  it('lists trading days with their sessions', () => {
    const answer = at('2024-06-14T10:00:00').list({ start: '2024-06-08', end: '2024-06-11' });
    expect(read(answer)).toEqual({
      days: [
        {
          date: '2024-06-11',
          sessions: [
            { open: '2024-06-11T09:30:00+08:00', close: '2024-06-11T11:30:00+08:00' },
            { open: '2024-06-11T13:00:00+08:00', close: '2024-06-11T15:00:00+08:00' },
          ],
        },
      ],
    });
  });

  it.each([
    ['2024-06-11', '2024-06-10', 'invalid', 'DATE_RANGE_INVALID'],
    ['2020-01-01', '2022-01-02', 'unprocessable', 'DATE_RANGE_TOO_LONG'],
    ['2006-01-01', '2006-01-02', 'unprocessable', 'DATE_RANGE_INVALID'],
    ['2099-01-01', '2099-01-02', 'unprocessable', 'DATE_RANGE_INVALID'],
  ])('refuses %s to %s as %s %s', (start, end, code, problem) => {
    expect(() => at('2024-06-14T10:00:00').list({ start, end })).toThrow(expect.objectContaining({ code, problem }));
  });

  it('takes two whole years, leap year or not', () => {
    expect(() => at('2024-06-14T10:00:00').list({ start: '2020-01-01', end: '2022-01-01' })).not.toThrow();
  });
});

describe('the clock', () => {
  it('says the phase and when sessions open and close next', () => {
    expect(read(at('2024-06-14T12:00:00.250').now())).toEqual({
      timestamp: '2024-06-14T12:00:00.250+08:00',
      phase: 'lunch',
      is_open: false,
      trading_day: '2024-06-14',
      next_open: '2024-06-14T13:00:00+08:00',
      next_close: '2024-06-14T15:00:00+08:00',
    });
    expect(read(at('2024-06-15T10:00:00').now())).toMatchObject({ phase: 'closed', trading_day: null });
  });

  it('knows no later opening than the calendar, and nothing beyond it', () => {
    expect(read(at('2026-12-31T15:00:00').now())).toMatchObject({ next_open: null, next_close: null });
    expect(() => at('2099-01-05T10:00:00').now()).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });
});
