import { describe, expect, it } from '@jest/globals';
import { kindOf } from './import-file.js';
import { rejectedRow, reportOf, type BatchAnswer, type RefusedLine } from './import-report.js';

describe('what a file is', () => {
  const minute = 'code,exchange,date,time,open,high,low,close,volume,amount';
  const at = (...times: string[]): string[] => times.map((time) => `600000,SSE,2024-06-14,${time},1,1,1,1,1,1`);

  it('tells instruments from bars', () => {
    expect(kindOf(['code,exchange,name,area', '1'])).toEqual({ kind: 'symbols', timeframe: undefined });
    expect(kindOf(['\uFEFF"code","exchange",date,open', '1'])).toEqual({ kind: 'bars', timeframe: undefined });
    expect(kindOf(['code,exchange,ex_date,factor', '1'])).toEqual({ kind: 'factors', timeframe: undefined });
    expect(kindOf(['symbol,t,o,h,l,c,v', 'a,2024-06-14T00:00:00+08:00'])).toEqual({ kind: 'bars', timeframe: '1Day' });
  });

  it.each([
    ['1Min', ['09:31:00', '09:32:00', '09:33:00']],
    ['5Min', ['14:55', '15:00', '09:35', '09:40']],
    ['15Min', ['09:45:00', '10:00:00', '10:15:00']],
    ['30Min', ['11:00', '11:30', '13:30']],
    ['60Min', ['10:30', '11:30', '14:00', '15:00', '10:30']],
  ])('reads the timeframe %s from the smallest gap', (timeframe, times) => {
    expect(kindOf([minute, ...at(...times)])).toEqual({ kind: 'bars', timeframe });
  });

  it('leaves the timeframe to lines that say it themselves', () => {
    expect(kindOf([`${minute},timeframe`, ...at('09:31:00')]).timeframe).toBeUndefined();
  });

  it('takes the timeframe that is given, also where one bar a day leaves no gap', () => {
    expect(kindOf([minute, ...at('15:00:00', '15:00:00')], '15Min')).toEqual({ kind: 'bars', timeframe: '15Min' });
  });

  it('asks when it cannot tell', () => {
    expect(() => kindOf([minute, ...at('09:31:00')])).toThrow('say --timeframe');
    expect(() => kindOf([minute, ...at('09:31', '09:33')])).toThrow('say --timeframe');
    expect(() => kindOf(['a,b,c'])).toThrow('code or symbol');
    expect(() => kindOf(['code,exchange'])).toThrow('neither');
    expect(() => kindOf([])).toThrow('first line');
  });
});

describe('the report', () => {
  const first = Array.from({ length: 20 }, (_, index): RefusedLine => ({
    line: index + 2,
    id: index === 0 ? '=cmd,"x"' : '600000',
    status: 422,
    error: { code: 1001, message: 'high is below close' },
  }));
  const answer: BatchAnswer = {
    summary: { total: 1_000, succeeded: 975, failed: 25, inserted: 900, updated: 5, unchanged: 70 },
    ignored_columns: ['is_st'],
    registered: ['600000.SH'],
  };

  it('says what was stored, what was refused and why', () => {
    const text = reportOf(answer, 2, { first, file: '/tmp/x.rejected.csv' });
    for (const part of [
      '1,000 lines in 2.0 s, 500 lines/s',
      '975 (900 new, 5 changed, 70 unchanged)',
      'is_st',
      'line 21 ',
      '… and 5 more',
      'all refused lines: /tmp/x.rejected.csv',
    ])
      expect(text).toContain(part);
    expect(text).not.toContain('line 22 ');
    expect(text).not.toContain('encoding');
    expect(reportOf({ ...answer, encoding: 'gb18030' }, 2, { first: [], file: undefined })).toContain(
      'encoding  gb18030',
    );
  });

  it('writes a refused line so that a spreadsheet does not run it', () => {
    expect(first.slice(0, 1).map(rejectedRow)).toEqual([`2,"'=cmd,""x""",1001,high is below close\n`]);
  });
});
