import type { IngestBarsRequest } from '@mystocks/contracts';

const none = String.raw`\N`;

/** A small file of another source and what of it is stored: rows as they are copied, 600000.SH as 1 and 000001.SZ as 2. */
export interface DialectExample {
  readonly name: string;
  readonly header: string;
  readonly lines: readonly string[];
  readonly options?: Partial<IngestBarsRequest>;
  readonly stored: readonly string[];
  readonly remarks: object;
}

export const dialectExamples: readonly DialectExample[] = [
  {
    name: 'daily bars of tushare, in lots and thousand yuan',
    header: 'ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount',
    lines: ['600000.SH,20200102,12.47,12.64,12.45,12.47,12.37,0.1,0.8084,516290.79,647446.144'],
    stored: [`1 2020-01-02 12.47 12.64 12.45 12.47 51629079 647446144 12.37 ${none} ${none}`],
    remarks: { dialect: 'tushare', conversion: 'volume × 100, amount × 1,000' },
  },
  {
    name: 'daily bars of tushare with the index of pandas before them',
    header: ',ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount',
    lines: ['0,000001.SZ,20240614,10.1,10.2,10.0,10.15,10.1,0.05,0.495,12345.0,12530.175'],
    stored: [`2 2024-06-14 10.1 10.2 10.0 10.15 1234500 12530175 10.1 ${none} ${none}`],
    remarks: { dialect: 'tushare', conversion: 'volume × 100, amount × 1,000' },
  },
  {
    name: 'minute bars of tushare, in shares and yuan',
    header: 'ts_code,trade_time,open,close,high,low,vol,amount',
    lines: ['600000.SH,2023-08-25 15:00:00,7.0,7.01,7.02,6.99,130000.0,910650.0'],
    options: { timeframe: '1Min' },
    stored: ['1 1 2023-08-25 15:00 7.0 7.02 6.99 7.01 130000 910650.0'],
    remarks: { dialect: 'tushare' },
  },
  {
    name: 'daily bars of akshare, in lots',
    header: '日期,股票代码,开盘,收盘,最高,最低,成交量,成交额,振幅,涨跌幅,涨跌额,换手率',
    lines: ['2020-01-02,600000,12.47,12.47,12.64,12.45,516291,647446144.0,1.54,0.81,0.1,0.18'],
    stored: [`1 2020-01-02 12.47 12.64 12.45 12.47 51629100 647446144.0 ${none} ${none} ${none}`],
    remarks: { dialect: 'akshare', conversion: 'volume × 100' },
  },
  {
    name: 'daily bars of akshare that do not name their stock',
    header: '日期,开盘,收盘,最高,最低,成交量,成交额,振幅,涨跌幅,涨跌额,换手率',
    lines: ['2020-01-02,12.47,12.47,12.64,12.45,516291,647446144.0,1.54,0.81,0.1,0.18'],
    options: { symbol: 'sh600000' },
    stored: [`1 2020-01-02 12.47 12.64 12.45 12.47 51629100 647446144.0 ${none} ${none} ${none}`],
    remarks: { dialect: 'akshare', conversion: 'volume × 100' },
  },
  {
    name: 'minute bars of akshare, in lots',
    header: '时间,开盘,收盘,最高,最低,成交量,成交额,均价',
    lines: ['2024-06-14 09:31:00,8.30,8.31,8.32,8.29,1200,996800.0,8.307'],
    options: { symbol: '600000.SH', timeframe: '1Min' },
    stored: ['1 1 2024-06-14 09:31 8.30 8.32 8.29 8.31 120000 996800.0'],
    remarks: { dialect: 'akshare', conversion: 'volume × 100' },
  },
  {
    name: 'daily bars of baostock',
    header: 'date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,isST',
    lines: [
      '2020-01-02,sh.600000,12.4700000000,12.6400000000,12.4500000000,12.4700000000,12.3700000000,51629079,647446144.0000,3,0.183700,1,0.808400,0',
    ],
    stored: [`1 2020-01-02 12.47 12.64 12.45 12.47 51629079 647446144.0000 12.37 ${none} 1`],
    remarks: { dialect: 'baostock' },
  },
  {
    name: 'adjusted daily bars of baostock, which are stored as raw with a warning',
    header: 'date,code,open,high,low,close,preclose,volume,amount,adjustflag,turn,tradestatus,pctChg,isST',
    lines: ['2020-01-02,sz.000001,10,10.2,9.9,10.1,10,1000,10100,2,0.18,1,0.8,0'],
    stored: [`2 2020-01-02 10 10.2 9.9 10.1 1000 10100 10 ${none} 1`],
    remarks: {
      dialect: 'baostock',
      warnings: [
        {
          kind: 'adjusted',
          count: 1,
          lines: [2],
          message: 'prices are adjusted (adjustflag 2); they are stored as raw',
        },
      ],
    },
  },
  {
    name: 'minute bars of baostock',
    header: 'date,time,code,open,high,low,close,volume,amount,adjustflag',
    lines: ['2020-01-02,20200102093500000,sh.600000,12.47,12.55,12.46,12.50,3500000,43800000.0,3'],
    options: { timeframe: '5Min' },
    stored: ['1 5 2020-01-02 09:35 12.47 12.55 12.46 12.50 3500000 43800000.0'],
    remarks: { dialect: 'baostock' },
  },
  {
    name: 'a daily export of TDX with tabs',
    header: '600000 浦发银行 日线 不复权\n      日期\t    开盘\t    最高\t    最低\t    收盘\t    成交量\t    成交额',
    lines: ['2020/01/02\t12.47\t12.64\t12.45\t12.47\t51629079\t647446144.00', '数据来源:通达信'],
    stored: [`1 2020-01-02 12.47 12.64 12.45 12.47 51629079 647446144.00 ${none} ${none} ${none}`],
    remarks: { dialect: 'tdx' },
  },
  {
    name: 'an export of TDX with commas, days that begin with the month, and adjusted prices',
    header: '600000 浦发银行 日线 前复权\n      日期\t    开盘\t    最高\t    最低\t    收盘\t    成交量\t    成交额',
    lines: ['01/02/2020,12.47,12.64,12.45,12.47,51629079,647446144.00\r', '#数据来源:通达信\r'],
    stored: [`1 2020-01-02 12.47 12.64 12.45 12.47 51629079 647446144.00 ${none} ${none} ${none}`],
    remarks: {
      dialect: 'tdx',
      warnings: [
        { kind: 'adjusted', count: 1, lines: [3], message: 'prices are adjusted (前复权); they are stored as raw' },
      ],
    },
  },
  {
    name: 'a minute export of TDX, whose title says the frame',
    header: '000001 平安银行 5分钟线 不复权\n日期 时间 开盘 最高 最低 收盘 成交量 成交额',
    lines: ['2020/01/02 0935 16.65 16.70 16.60 16.69 3100000 51600000.00  ', '数据来源:通达信'],
    options: { symbol: '000001.SZ' },
    stored: ['2 5 2020-01-02 09:35 16.65 16.70 16.60 16.69 3100000 51600000.00'],
    remarks: { dialect: 'tdx' },
  },
  {
    name: 'a frame of JoinQuant, with its index and whole numbers as floats',
    header: ',time,code,open,close,high,low,volume,money',
    lines: ['0,2020-01-02,600000.XSHG,12.47,12.470000000000001,12.64,12.45,51629079.0,647446144.0'],
    stored: [`1 2020-01-02 12.47 12.64 12.45 12.47 51629079 647446144.0 ${none} ${none} ${none}`],
    remarks: { dialect: 'pandas', rounded: 1 },
  },
  {
    name: 'a frame of JoinQuant of one stock, whose index has no name',
    header: ',open,close,high,low,volume,money',
    lines: ['2024-06-14 09:31:00,8.3,8.31,8.32,8.29,120000.0,996800.0'],
    options: { symbol: '600000.XSHG', timeframe: '1Min' },
    stored: ['1 1 2024-06-14 09:31 8.3 8.32 8.29 8.31 120000 996800.0'],
    remarks: { dialect: 'pandas' },
  },
  {
    name: 'a frame of RiceQuant',
    header: 'order_book_id,datetime,open,high,low,close,volume,total_turnover,num_trades',
    lines: ['000001.XSHE,2024-06-14 09:31:00,10.1,10.2,10.0,10.15,1.2e+05,1218000.0,55'],
    options: { timeframe: '1Min' },
    stored: ['2 1 2024-06-14 09:31 10.1 10.2 10.0 10.15 120000 1218000.0'],
    remarks: { dialect: 'pandas' },
  },
  {
    name: 'a minute file of Sina',
    header: 'day,open,high,low,close,volume,amount',
    lines: ['2024-06-14 09:35:00,8.300,8.350,8.290,8.340,1234500,10271000.0000'],
    options: { symbol: 'sh600000', timeframe: '5Min' },
    stored: ['1 5 2024-06-14 09:35 8.300 8.350 8.290 8.340 1234500 10271000.0000'],
    remarks: { dialect: 'sina' },
  },
  {
    name: 'a file of several possible sources, when the request says which',
    header: '日期,开盘,最高,最低,收盘,成交量,成交额',
    lines: ['2020-01-02,12.47,12.64,12.45,12.47,516290,647446144.0'],
    options: { symbol: '600000.SH', dialect: 'akshare' },
    stored: [`1 2020-01-02 12.47 12.64 12.45 12.47 51629000 647446144.0 ${none} ${none} ${none}`],
    remarks: { dialect: 'akshare', conversion: 'volume × 100' },
  },
];
