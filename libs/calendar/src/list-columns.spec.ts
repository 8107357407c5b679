import { describe, expect, it } from '@jest/globals';
import { strangeColumn } from './list-columns.js';

describe('the columns of a list of trading days', () => {
  it.each([
    'date',
    'trade_date',
    'cal_date,is_open',
    'exchange,cal_date,is_open,pretrade_date',
    ',trade_date',
    'index,date',
  ])('the columns of a list of trading days may be %s', (header) => {
    expect(strangeColumn(header.split(','))).toBeUndefined();
  });

  it.each([
    ['date,close', 'close'],
    ['date,value', 'value'],
    ['date,收盘', '收盘'],
    ['date,is_open,volume', 'volume'],
    ['date,trade_date', 'trade_date'],
    [',date,', ''],
    ['index,,date', ''],
    ['date,is_open,is_open', 'is_open'],
  ])('the columns of a list of trading days may not be %s', (header, column) => {
    expect(strangeColumn(header.split(','))).toBe(column);
  });
});
