import { describe, expect, it } from '@jest/globals';
import { calendarRange } from '@mystocks/calendar';
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
    ['1990-12-18', '1990-12-31', 'unprocessable', 'DATE_RANGE_INVALID'],
  ])('refuses %s to %s as %s %s', (start, end, code, problem) => {
    expect(() => at('2024-06-14T10:00:00').list({ start, end })).toThrow(expect.objectContaining({ code, problem }));
  });

  it('knows the first days of the exchange and says of days beyond its end that they are provisional', () => {
    const listed = (start: string, end: string): unknown[] =>
      (
        read(at('2024-06-14T10:00:00').list({ start, end })) as { days: { date: string; provisional?: true }[] }
      ).days.map(({ date, ...more }) => [date, more.provisional]);
    expect(listed('1990-12-19', '1990-12-24')).toEqual([
      ['1990-12-19', undefined],
      ['1990-12-20', undefined],
      ['1990-12-21', undefined],
      ['1990-12-24', undefined],
    ]);
    expect(listed('2099-01-01', '2099-01-06')).toEqual([
      ['2099-01-01', true],
      ['2099-01-02', true],
      ['2099-01-05', true],
      ['2099-01-06', true],
    ]);
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

  it('goes on beyond the end of the calendar, and says that its word is provisional', () => {
    const lastDay = calendarRange().to;
    expect(read(at(`${lastDay}T15:00:00`).now())).toMatchObject({ phase: 'closed', provisional: true });
    expect(read(at('2099-01-05T10:00:00').now())).toEqual({
      timestamp: '2099-01-05T10:00:00.000+08:00',
      phase: 'continuous',
      is_open: true,
      trading_day: '2099-01-05',
      next_open: '2099-01-05T13:00:00+08:00',
      next_close: '2099-01-05T11:30:00+08:00',
      provisional: true,
    });
    expect(read(at('2099-01-03T10:00:00').now())).toMatchObject({ trading_day: null, provisional: true });
  });
});
