import { describe, expect, it } from '@jest/globals';
import { kindOf } from './file.js';
import { rejectedRow, reportOf, type BatchAnswer, type RefusedLine } from './report.js';

describe('what a file is', () => {
  const minute = 'code,exchange,date,time,open,high,low,close,volume,amount';
  const at = (...times: string[]): string[] => times.map((time) => `600000,SSE,2024-06-14,${time},1,1,1,1,1,1`);

  it('tells instruments from bars', () => {
    expect(kindOf(['code,exchange,name,area', '1'])).toEqual({ kind: 'symbols', timeframe: undefined });
    expect(kindOf(['\uFEFF"code","exchange",date,open', '1'])).toEqual({ kind: 'bars', timeframe: undefined });
    expect(kindOf(['code,exchange,ex_date,factor', '1'])).toEqual({ kind: 'factors', timeframe: undefined });
    expect(kindOf(['trade_date', '2027-01-04'])).toEqual({ kind: 'calendar', timeframe: undefined });
    expect(kindOf(['exchange,cal_date,is_open', 'SSE,20270104,1']).kind).toBe('calendar');
    expect(kindOf(['symbol,t,o,h,l,c,v', 'a,2024-06-14T00:00:00+08:00'])).toEqual({ kind: 'bars', timeframe: '1Day' });
  });

  it.each(['date,close', 'trade_date,high,low,close', 'cal_date,is_open,value', ',date,amount'])(
    'does not take %s for a list of trading days',
    (header) => {
      expect(() => kindOf([header, '2024-06-14,10', '2024-06-21,11'])).toThrow(/nor of trading days: .*column/);
    },
  );

  it('takes a list of trading days that pandas numbered for one', () => {
    expect(kindOf([',trade_date', '0,2024-06-14']).kind).toBe('calendar');
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

  it.each([
    ['daily bars of tushare', undefined, ['ts_code,trade_date,open,vol', '600000.SH,20240614,1,1']],
    [
      'minute bars of tushare',
      '5Min',
      ['ts_code,trade_time,open,vol', 'a,2024-06-14 09:35:00,1,1', 'a,2024-06-14 09:40:00,1,1'],
    ],
    ['daily bars of akshare', undefined, ['日期,股票代码,开盘', '2024-06-14,600000,1']],
    ['minute bars of akshare', '1Min', ['时间,开盘', '2024-06-14 09:31:00,1', '2024-06-14 09:32:00,1']],
    [
      'minute bars of baostock',
      '15Min',
      ['date,time,code,open', 'd,20240614094500000,sh.600000,1', 'd,20240614100000000,sh.600000,1'],
    ],
    ['a frame of pandas', '1Min', [',open,money', '2024-06-14 09:31:00,1,1', '2024-06-14 09:32:00,1,1']],
    ['a daily frame of pandas', undefined, [',time,code,open,money', '930,2024-06-14,600000.XSHG,1,1']],
    ['minute bars of Sina', '30Min', ['day,open', '2024-06-14 10:00:00,1', '2024-06-14 10:30:00,1']],
    [
      'an export of TDX, whose title names the frame',
      undefined,
      ['600000 浦发银行 5分钟线', ' 日期\t 时间\t 开盘', '2020/01/02\t0935\t1'],
    ],
    ['an export of TDX without its title', '5Min', ['日期\t时间\t开盘', '2020/01/02\t0935\t1', '2020/01/02\t0940\t1']],
  ] as const)('reads the frame of %s: %s', (_source, timeframe, lines) => {
    expect(kindOf(lines)).toEqual({ kind: 'bars', timeframe });
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

  it('says whose columns and units the file has, what was rounded, and what is suspicious', () => {
    const superseded = { count: 60, lines: [{ line: 7, by: 11 }] };
    const warning = { kind: 'units', count: 28, lines: [3, 5, 9, 10, 11, 12], message: 'are volumes in lots?' };
    const read = { format: 'tushare', conversion: 'volume × 100', rounded: 1_200, warnings: [warning], superseded };
    const text = reportOf({ ...answer, ...read }, 2, { first: [], file: undefined });
    expect(text).toContain('  format    tushare: volume × 100\n');
    expect(text).toContain('  rounded   1,200 values');
    expect(text).toContain('  replaced  60 lines by later ones for the same bar (7 by 11 …)');
    expect(text).toContain('  warning   28 lines (3, 5, 9, 10, 11 …): are volumes in lots?');
    const ours = reportOf({ ...answer, format: 'mystocks', rounded: 0 }, 2, { first: [], file: undefined });
    for (const part of ['format', 'rounded', 'warning']) expect(ours).not.toContain(part);
  });

  it('writes a refused line so that a spreadsheet does not run it', () => {
    expect(first.slice(0, 1).map(rejectedRow)).toEqual([`2,"'=cmd,""x""",1001,high is below close\n`]);
  });
});
