import type { BarDialect } from '@mystocks/contracts';
import type { BarField } from '../../lines/bar-columns.js';

/** One shape of files that a source writes. */
export interface Layout {
  readonly dialect: Exclude<BarDialect, 'mystocks'>;
  /**
   * Names (in lower case) that stand together in files of this layout only; one of the lists is enough. A file without
   * them is read with this layout only where `format=` says so: shares and lots cannot be told apart by their values.
   */
  readonly signatures: readonly (readonly string[])[];
  /** Names (in lower case) of the column that a field is read from; the first one that the file has counts. */
  readonly fields: Readonly<Partial<Record<BarField, readonly string[]>>>;
  /** Power of ten from the file's unit to shares: 2 for lots. */
  readonly volumeShift: 0 | 2;
  /** Power of ten from the file's unit to yuan: 3 for thousands. */
  readonly amountShift: 0 | 3;
  /** A title line names the code, the frame and the adjustment; the last line names the source. */
  readonly titled?: true;
  /** The column that says whether the prices are adjusted, and its values for prices that are. */
  readonly adjusted?: { readonly column: string; readonly values: readonly string[] };
}

const prices = { open: ['open'], high: ['high'], low: ['low'], close: ['close'] } as const;

/*
 * Times of all of these are ends of bars, in China's time; `stamps=start` says otherwise. Codes are written as the source
 * writes them: `600000.SH`, `600000.XSHG`, `sh.600000`, `sh600000` or `600000`.
 */
export const layouts: readonly Layout[] = [
  {
    // Minute bars (stk_mins, pro_bar): shares and yuan.
    dialect: 'tushare',
    signatures: [['ts_code', 'trade_time', 'vol']],
    fields: { ...prices, symbol: ['ts_code'], date: ['trade_time'], volume: ['vol'], amount: ['amount'] },
    volumeShift: 0,
    amountShift: 0,
  },
  {
    // Daily bars of stocks, funds and indexes: lots of 100 shares and thousand yuan.
    dialect: 'tushare',
    signatures: [['ts_code', 'trade_date', 'vol']],
    fields: {
      ...prices,
      symbol: ['ts_code'],
      date: ['trade_date'],
      volume: ['vol'],
      amount: ['amount'],
      pre_close: ['pre_close'],
      adj_factor: ['adj_factor'],
    },
    volumeShift: 2,
    amountShift: 3,
  },
  {
    // What akshare reads from Eastmoney: lots of 100 shares and yuan.
    dialect: 'akshare',
    signatures: [
      ...['涨跌幅', '振幅', '换手率', '股票代码', '均价', '最新价'].map((own) => ['开盘', '收盘', '成交量', own]),
    ],
    fields: {
      symbol: ['股票代码', '代码'],
      date: ['日期', '时间'],
      open: ['开盘'],
      high: ['最高'],
      low: ['最低'],
      close: ['收盘'],
      volume: ['成交量', '成交量(手)'],
      amount: ['成交额', '成交额(元)'],
    },
    volumeShift: 2,
    amountShift: 0,
  },
  {
    dialect: 'baostock',
    signatures: [
      ['date', 'code', 'adjustflag'],
      ['date', 'code', 'tradestatus'],
      ['date', 'code', 'preclose', 'pctchg'],
    ],
    fields: {
      ...prices,
      symbol: ['code'],
      date: ['date'],
      time: ['time'],
      volume: ['volume'],
      amount: ['amount'],
      pre_close: ['preclose'],
      trade_status: ['tradestatus'],
    },
    volumeShift: 0,
    amountShift: 0,
    adjusted: { column: 'adjustflag', values: ['1', '2'] },
  },
  {
    // Without its title line an export of TDX has the names of akshare's columns, but shares.
    dialect: 'tdx',
    signatures: [],
    fields: {
      date: ['日期'],
      time: ['时间'],
      open: ['开盘'],
      high: ['最高'],
      low: ['最低'],
      close: ['收盘'],
      volume: ['成交量'],
      amount: ['成交额'],
    },
    volumeShift: 0,
    amountShift: 0,
    titled: true,
  },
  {
    // JoinQuant (`money`) and RiceQuant (`total_turnover`) as pandas writes their frames: shares and yuan.
    dialect: 'pandas',
    signatures: [
      ['open', 'close', 'high', 'low', 'volume', 'money'],
      ['open', 'close', 'high', 'low', 'volume', 'total_turnover'],
    ],
    fields: {
      ...prices,
      symbol: ['order_book_id', 'code', 'symbol', 'security'],
      // The index of a frame has no name.
      date: ['datetime', 'time', 'date', 'trade_date', 'index', ''],
      volume: ['volume'],
      amount: ['money', 'total_turnover', 'amount'],
      pre_close: ['pre_close', 'prev_close'],
    },
    volumeShift: 0,
    amountShift: 0,
  },
  {
    dialect: 'sina',
    signatures: [['day', 'open', 'high', 'low', 'close', 'volume']],
    fields: { ...prices, symbol: ['symbol', 'code'], date: ['day'], volume: ['volume'], amount: ['amount'] },
    volumeShift: 0,
    amountShift: 0,
  },
];

/** Fields without which a line is no bar. */
const required = ['date', 'open', 'high', 'low', 'close', 'volume'] as const;

/** The names that a header lacks for this layout. */
export function missingNames({ fields }: Layout, names: readonly string[]): string[] {
  return required.flatMap((field) => {
    const wanted = fields[field] ?? [];
    return wanted.some((name) => names.includes(name)) ? [] : [wanted[0] ?? field];
  });
}

/** How volumes and amounts are converted, in words; undefined where they are not. */
export function conversionOf({ volumeShift, amountShift }: Layout): string | undefined {
  const said = [...(volumeShift === 0 ? [] : ['volume × 100']), ...(amountShift === 0 ? [] : ['amount × 1,000'])];
  return said.length === 0 ? undefined : said.join(', ');
}
