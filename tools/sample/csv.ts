/** A series of the package: `[day, previous close, open, high, low, close, volume, amount, minute?]` a row. */
export interface Series {
  /** `600000.sh` */
  readonly symbol: string;
  readonly data: readonly (readonly number[])[];
}

const DAILY = 'code,exchange,date,open,high,low,close,volume,amount';
const MINUTE = 'code,exchange,date,time,open,high,low,close,volume,amount';

/**
 * The daily bars as CSV. Without `pre_close` and `adj_factor`: in this package the previous close is that of the day
 * before on ex-days too, so no factor can be had from it, and one is never guessed.
 */
export const dailyCsv = (all: readonly Series[]): string => csvOf(DAILY, all, (row) => [dayOf(row[0])]);

/** The one-minute bars as CSV; stamps are the bar's end. */
export const minuteCsv = (all: readonly Series[]): string =>
  csvOf(MINUTE, all, (row) => [dayOf(row[0]), timeOf(row[8])]);

function csvOf(header: string, all: readonly Series[], when: (row: readonly number[]) => string[]): string {
  const lines = all.flatMap(({ symbol, data }) => {
    const place = placeOf(symbol);
    return data.filter(isBar).map((row) => [place, ...when(row), ...pricesOf(row)].join(','));
  });
  return [header, ...lines, ''].join('\n');
}

/** The names as CSV, from a source file `var SYMBOL_LIST = [["600000.sh", "浦发银行", "EQA", …], …]`; nothing is run. */
export function instrumentsCsv(source: string): string {
  const list: unknown = JSON.parse(source.slice(source.indexOf('['), source.lastIndexOf(']') + 1));
  if (!Array.isArray(list)) throw new Error('the stock list is not a list');
  const seen = new Set<string>();
  const lines = list.flatMap((one: unknown) => {
    if (!Array.isArray(one) || typeof one[0] !== 'string' || typeof one[1] !== 'string') return [];
    const symbol = one[0];
    const name = one[1].normalize('NFKC').replaceAll(' ', '');
    if (!/^\d{6}\.(sh|sz)$/.test(symbol) || name === '' || /[",\n]/.test(name) || seen.has(symbol)) return [];
    seen.add(symbol);
    return [`${placeOf(symbol, one[2] === 'IDX')},${name}`];
  });
  return ['code,exchange,name', ...lines, ''].join('\n');
}

/** Shanghai's indexes are 000xxx, Shenzhen's 399xxx; code `IDX000001` distinguishes an index from the stock 000001. */
function placeOf(symbol: string, isIndex = /^(000\d{3}\.sh|399\d{3}\.sz)$/.test(symbol)): string {
  const code = symbol.slice(0, 6);
  return `${isIndex ? 'IDX' : ''}${code},${symbol.endsWith('.sh') ? 'SSE' : 'SZSE'}`;
}

/** Rows the source itself has wrong (22 old index days) would only be refused. */
function isBar(row: readonly number[]): boolean {
  const [, , open = 0, high = 0, low = 0, close = 0] = row;
  return low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close);
}

const pricesOf = (row: readonly number[]): string[] => [
  ...row.slice(2, 6).map((price) => decimal(price, 4)),
  decimal(row[6] ?? 0, 0),
  decimal(row[7] ?? 0, 2),
];

/** 8.370000000000001 -> 8.37: the source kept decimals as binary doubles. */
const decimal = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

function dayOf(day = 0): string {
  const text = String(day);
  return `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
}

function timeOf(minute = 0): string {
  const text = String(minute).padStart(4, '0');
  return `${text.slice(0, 2)}:${text.slice(2, 4)}:00`;
}
