import { describe, expect, it } from '@jest/globals';
import { dailyCsv, instrumentsCsv, minuteCsv } from './csv.js';

describe('sample data as CSV', () => {
  it('writes daily bars with the decimals that were meant', () => {
    const data = [[20240919, 8.32, 8.370000000000001, 8.53, 8.3, 8.52, 39163824, 330778720]];
    expect(dailyCsv([{ symbol: '600000.sh', data }])).toBe(
      'code,exchange,date,open,high,low,close,volume,amount\n600000,SSE,2024-09-19,8.37,8.53,8.3,8.52,39163824,330778720\n',
    );
  });

  it('writes minute bars with their end, and indexes under codes of their own', () => {
    const data = [[20240614, 8.1, 8.1, 8.14, 8.07, 8.11, 865600, 7014515.5, 931]];
    const lines = minuteCsv([
      { symbol: '000001.sh', data },
      { symbol: '000001.sz', data },
    ]).split('\n');
    expect(lines[1]).toBe('IDX000001,SSE,2024-06-14,09:31:00,8.1,8.14,8.07,8.11,865600,7014515.5');
    expect(lines[2]).toBe('000001,SZSE,2024-06-14,09:31:00,8.1,8.14,8.07,8.11,865600,7014515.5');
  });

  it('leaves out what its source has wrong', () => {
    const wrong = [
      [20240614, 8, 9, 8, 8, 8, 1, 1],
      [20240614, 8, 0, 0, 0, 0, 0, 0],
    ];
    expect(dailyCsv([{ symbol: '399001.sz', data: wrong }]).split('\n')).toHaveLength(2);
  });

  it('reads the names without running their source', () => {
    const source =
      'var SYMBOL_LIST= [["600000.sh","浦发 银行","EQA",null],["000001.sh","上证指数","IDX","SZ"],["600000.sh","again"],[1],["x","y"]]';
    expect(instrumentsCsv(source)).toBe('code,exchange,name\n600000,SSE,浦发银行\nIDX000001,SSE,上证指数\n');
  });
});
