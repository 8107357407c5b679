import { tradingDays } from '@mystocks/calendar';
import { describe, expect, it } from '@jest/globals';
import type { IngestBarsRequest } from '@mystocks/contracts';
import { dialectExamples } from '../../../test/dialect-examples.js';
import { readBarBlock, type BarBlock } from '../bar-block.js';
import type { SymbolIds } from '../read/bar-symbols.js';

const ids: SymbolIds = new Map([
  ['600000.SH', { id: 1, kind: 'stock', status: 'listed' }],
  ['000001.SZ', { id: 2, kind: 'stock', status: 'listed' }],
  ['000001.SH', { id: 3, kind: 'index', status: 'listed' }],
  ['113050.SH', { id: 4, kind: 'bond', status: 'listed' }],
]);
const nowMs = Date.parse('2026-11-22T12:00:00Z');

/** A file as it is cut by the gateway: `header` holds the title too where there is one. */
function read(header: string, lines: readonly string[], more: Partial<IngestBarsRequest> = {}): BarBlock {
  const request = {
    body: Buffer.from(`${lines.join('\n')}\n`),
    format: 'csv',
    header,
    first_line: header.split('\n').length + 1,
    on_error: 'continue',
    want_items: false,
    register: false,
  } as const;
  return readBarBlock({ ...request, ...more }, { ids, nowMs });
}
const rows = ({ daily, minute }: BarBlock): string[] =>
  `${daily.copyText().toString()}${minute.copyText().toString()}`.trimEnd().replaceAll('\t', ' ').split('\n');
const reasons = (block: BarBlock): string[] => block.refused.map(({ line, message }) => `${line} ${message}`);

describe('a file of another source', () => {
  it.each(dialectExamples)(
    'a file of another source is stored exactly: $name',
    ({ header, lines, options, stored, remarks }) => {
      const block = read(header, lines, options);
      expect(reasons(block)).toEqual([]);
      expect(rows(block)).toEqual(stored);
      expect(block.remarks).toEqual(remarks);
      expect(block.total).toBe(stored.length);
    },
  );

  it('keeps the empty volume and amount of a day without trade empty', () => {
    const header = 'date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,isST';
    const block = read(header, ['2020-01-02,sh.600000,12.47,12.47,12.47,12.47,12.47,,,3,,0,0,0']);
    expect(reasons(block).join()).toMatch(/^(2 volume is empty)?$/);
  });

  it('refuses part of a share by its line, whatever the unit of the file', () => {
    const header = 'ts_code,trade_date,open,high,low,close,vol,amount';
    const block = read(header, ['600000.SH,20200102,12,13,11,12,100.005,1200']);
    expect(reasons(block)).toEqual([expect.stringContaining('2 volume must be a whole number of shares')]);
    expect(block.refused[0]?.id).toBe('600000.SH 20200102');
  });

  it.each([
    [
      'the daily bars of tushare',
      'ts_code,trade_date,open,high,low,close,vol,amount',
      ['113050.SH,20240614,110,111,109,110,12.0,13.2', '127001.SZ,20240614,110,111,109,110,12.0,13.2'],
      '600000.SH,20240614,8.3,8.4,8.2,8.3,12.0,9.96',
    ],
    [
      'akshare',
      '日期,股票代码,开盘,收盘,最高,最低,成交量,成交额,振幅',
      ['2024-06-14,113050,110,110,111,109,12,13200,1', '2024-06-14,127001.SZ,110,110,111,109,12,13200,1'],
      '2024-06-14,600000,8.3,8.3,8.4,8.2,12,9960,1',
    ],
  ])('a file of another source has no bonds where volumes are in lots, as in %s', (_, header, bonds, stock) => {
    const block = read(header, [...bonds, stock], { register: true });
    const why = expect.stringContaining('send bonds in our own columns, in bonds and yuan');
    expect(block.refused.map(({ line, message }) => [line, message])).toEqual([
      [2, why],
      [3, why],
    ]);
    expect(rows(block)).toHaveLength(1);
    expect(block.unknown.size).toBe(0);
  });

  it('a file of another source has bonds where its volumes are not converted', () => {
    const header = 'ts_code,trade_time,open,close,high,low,vol,amount';
    const lines = ['113050.SH,2024-06-14 15:00:00,110,110,111,109,120,13200'];
    expect(rows(read(header, lines, { timeframe: '1Min' }))).toHaveLength(1);
  });

  it.each([
    ['a header that shares and lots have in common', '日期,开盘,最高,最低,收盘,成交量,成交额', {}, 'akshare or tdx'],
    ['a header without a symbol', 'day,open,high,low,close,volume', {}, 'symbol=600519.SH'],
    [
      'a header that lacks a name of its format',
      'ts_code,trade_date,open,high,low,close,volume',
      { dialect: 'tushare' },
      'lacks vol',
    ],
    ['an unknown header with a volume of any unit', 'date,code,open,high,low,close,volume', {}, 'say so with format='],
    ['tabs in a file of ours', 'code\texchange\tdate\topen\thigh\tlow\tclose\tvolume', {}, 'tabs'],
    [
      'a title of weeks',
      '600000 浦发银行 周线 不复权\n日期\t开盘\t最高\t最低\t收盘\t成交量\t成交额',
      {},
      'frame that is not stored',
    ],
    [
      'a title of an index',
      '000001 上证指数 日线 不复权\n日期\t开盘\t最高\t最低\t收盘\t成交量\t成交额',
      {},
      'that of an index',
    ],
    [
      'a title and a symbol that contradict each other',
      '600000 浦发银行 日线\n日期\t开盘\t最高\t最低\t收盘\t成交量\t成交额',
      { symbol: '000001.SZ' },
      'names 600000',
    ],
    ['a column that stands twice', 'ts_code,trade_date,open,high,low,close,vol,vol', {}, 'vol twice'],
  ] as [string, string, Partial<IngestBarsRequest>, string][])(
    'a file of another source is refused as a whole for %s',
    (_, header, options, why) => {
      expect(() => read(header, ['x'], options)).toThrow(why);
    },
  );

  it('a file of another source has keys of ours in NDJSON', () => {
    expect(() => read('', ['{}'], { format: 'ndjson', dialect: 'tushare' })).toThrow('format= is for CSV');
  });
});

describe('the units of a file', () => {
  const header = 'code,exchange,date,open,high,low,close,volume,amount';

  it('the units of a file are doubted where amount ÷ volume lies more than 5 times outside low..high', () => {
    const block = read(header, [
      '600000,SSE,2024-06-03,8.3,8.4,8.2,8.3,1000000,8300000',
      '600000,SSE,2024-06-04,8.3,8.4,8.2,8.3,10000,8300000',
      '600000,SSE,2024-06-05,8.3,8.4,8.2,8.3,1000000,8300',
      '600000,SSE,2024-06-06,8.3,8.4,8.2,8.3,1000000,41900000',
      '600000,SSE,2024-06-07,8.3,8.4,8.2,8.3,0,0',
    ]);
    expect(block.refused).toEqual([]);
    expect(block.daily.size).toBe(5);
    expect(block.remarks.warnings).toEqual([
      { kind: 'units', count: 2, lines: [3, 4], message: expect.stringContaining('are volumes in lots?') },
    ]);
  });

  it('the units of a file are those of a stock: an index is left alone', () => {
    const block = read(header, ['IDX000001,SSE,2024-06-04,3000,3010,2990,3000,300000000,400000000000']);
    expect(block.daily.size).toBe(1);
    expect(block.remarks.warnings).toBeUndefined();
  });

  it('the units of a file are doubted by the first 20 lines, and all are counted', () => {
    const days = tradingDays('2024-02-01', '2024-04-01').slice(0, 28);
    const lines = days.map((day) => `600000,SSE,${day},8,8,8,8,1,1000`);
    const [warning] = read(header, lines).remarks.warnings ?? [];
    expect(warning).toMatchObject({ count: 28, lines: Array.from({ length: 20 }, (_, line) => line + 2) });
  });
});
