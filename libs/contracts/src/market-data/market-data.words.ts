/** Frames a client may ask for. Coarser ones are aggregated from stored ones by trading session. */
export const timeframes = ['1Min', '5Min', '15Min', '30Min', '60Min', '1Day', '1Week', '1Month'] as const;
export type Timeframe = (typeof timeframes)[number];

/** Frames that can be stored. */
export const storedTimeframes = ['1Min', '5Min', '15Min', '30Min', '60Min', '1Day'] as const;
export type StoredTimeframe = (typeof storedTimeframes)[number];

/** Other spellings of a frame that REST and files accept. */
export const timeframeAliases: Readonly<Record<string, Timeframe>> = {
  '1m': '1Min',
  '5m': '5Min',
  '15m': '15Min',
  '30m': '30Min',
  '60m': '60Min',
  '1h': '60Min',
  '1d': '1Day',
  '1w': '1Week',
  '1M': '1Month',
  daily: '1Day',
  weekly: '1Week',
  monthly: '1Month',
};

/** `raw` as traded, `qfq` adjusted backwards from the newest factor, `hfq` forwards from the first. */
export const adjustments = ['raw', 'qfq', 'hfq'] as const;
export type Adjustment = (typeof adjustments)[number];

/** Shanghai, Shenzhen, Beijing. */
export const exchanges = ['SSE', 'SZSE', 'BSE'] as const;
export type Exchange = (typeof exchanges)[number];

/** Two-letter ending of a canonical symbol. */
export const exchangeSuffix: Readonly<Record<Exchange, string>> = { SSE: 'SH', SZSE: 'SZ', BSE: 'BJ' };

/** What an instrument is. Only indexes are never adjusted. */
export const instrumentKinds = ['stock', 'index', 'fund', 'bond'] as const;
export type InstrumentKind = (typeof instrumentKinds)[number];

/** `unlisted`: bars name it, no list does. */
export const instrumentStatuses = ['listed', 'delisted', 'unlisted'] as const;
export type InstrumentStatus = (typeof instrumentStatuses)[number];

/** Tag of answers that hold quotes of a symbol; those that hold its bars are tagged with the symbol itself. */
export const quoteTag = (symbol: string): string => `quote:${symbol}`;

/** Tag of answers that depend on which instruments there are. */
export const INSTRUMENTS_TAG = 'instruments';

/** `600519.SH` -> `SH.600519`: subject tokens, the exchange first so that one wildcard takes an exchange. */
export const symbolKey = (symbol: string): string => `${symbol.slice(7)}.${symbol.slice(0, 6)}`;

const EXCHANGE_BEFORE = /(?<![0-9a-z])(sh|sz|bj)[#._-]?([0-9]{6})(?![0-9a-z])/i;
const EXCHANGE_BEHIND = /(?<![0-9a-z])([0-9]{6})\.(sh|sz|bj|xshg|xshe)(?![0-9a-z])/i;

/**
 * The symbol that a file's name gives with its exchange, e.g. `SH#600000.txt`, `sh600000.csv` or `600000.SH.csv`. Six digits
 * alone are none: they may be a month.
 */
export function symbolInFileName(name: string): string | undefined {
  const file = name.split(/[\\/]/).at(-1) ?? '';
  const before = EXCHANGE_BEFORE.exec(file);
  if (before !== null) return `${before[2]}.${before[1]}`.toUpperCase();
  const behind = EXCHANGE_BEHIND.exec(file);
  return behind === null ? undefined : `${behind[1]}.${behind[2]}`.toUpperCase();
}
