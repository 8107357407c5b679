import { describe, expect, it } from '@jest/globals';
import { readCalendarList } from './calendar-list.js';

const read = (text: string) => readCalendarList({ body: Buffer.from(text), format: 'csv' });

describe('a CSV list of trading days', () => {
  it('a CSV list of trading days may have the columns of tushare, and those of pandas that number the lines', () => {
    const days = { from: '2024-06-13', states: '33' };
    expect(read('date\n2024-06-13\n2024-06-14\n')).toEqual(days);
    expect(read(',trade_date\n0,2024-06-13\n1,2024-06-14\n')).toEqual(days);
    expect(read('index,Date\n0,2024-06-13\n1,2024-06-14\n')).toEqual(days);
    const rows = 'SSE,20240613,1,20240612\nSSE,20240614,1,20240613\n';
    expect(read(`exchange,cal_date,is_open,pretrade_date\n${rows}`)).toEqual(days);
  });

  it.each([
    'date,is_open\n2024-06-14,0\n',
    'cal_date,is_open\n20240613,0\n20240614,0\n20240617,0\n',
    `date,is_open\n${Array.from({ length: 12 }, (_, day) => `2027-01-${String(day + 1).padStart(2, '0')},0`).join('\n')}\n`,
  ])('a CSV list of trading days is refused when it names no trading day: %j', (text) => {
    const code = 'unprocessable';
    const message = expect.stringContaining('names only closed days') as unknown;
    expect(() => read(text)).toThrow(expect.objectContaining({ code, message, problem: 'DATE_RANGE_INVALID' }));
  });

  it('a CSV list of trading days may close days between two trading days', () => {
    const text = 'date,is_open\n2024-06-13,1\n2024-06-14,0\n2024-06-17,1\n';
    expect(read(text)).toEqual({ from: '2024-06-13', states: '30003' });
  });

  it.each([
    ['date,close', 'close'],
    ['trade_date,Amount', 'Amount'],
    ['date,is_open,name', 'name'],
    ['\uFEFF"date","volume"', 'volume'],
    ['date,trade_date', 'trade_date'],
  ])('a CSV list of trading days is refused with the columns %s, naming %s', (header, column) => {
    const code = 'unprocessable';
    const message = expect.stringContaining(`line 1 names the column ${column}`) as unknown;
    expect(() => read(`${header}\n2024-06-14,10\n2024-06-21,11\n`)).toThrow(expect.objectContaining({ code, message }));
  });
});
