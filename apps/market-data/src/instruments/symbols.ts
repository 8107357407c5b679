import { exchangeSuffix, type Exchange } from '@mystocks/contracts';

/** What a client's spelling of a symbol names: exactly one symbol, or a bare code that may name two. */
export type ParsedAlias = { readonly symbol: string } | { readonly code: string };

export type InstrumentKind = 'stock' | 'index';

const BARE = /^[0-9]{6}$/;
const ENDING = /^([0-9]{6})\.([A-Z]{2,4})$/;
const PREFIX = /^(SH|SZ|BJ)([0-9]{6})$/;
// ISO 10383 market codes, the exchanges' own short names, and the two-letter ones.
const suffixOf = new Map([
  ['SH', 'SH'],
  ['SZ', 'SZ'],
  ['BJ', 'BJ'],
  ['XSHG', 'SH'],
  ['XSHE', 'SZ'],
  ['XBSE', 'BJ'],
  ['SSE', 'SH'],
  ['SZSE', 'SZ'],
  ['BSE', 'BJ'],
]);

/** Reads `600519`, `600519.SH`, `SH600519` or `600519.XSHG`, in any case; undefined when it is none of them. */
export function parseAlias(alias: string): ParsedAlias | undefined {
  const text = alias.toUpperCase();
  if (BARE.test(text)) return { code: text };
  const ending = ENDING.exec(text);
  if (ending !== null) {
    const suffix = suffixOf.get(ending[2] ?? '');
    return suffix === undefined ? undefined : { symbol: `${ending[1]}.${suffix}` };
  }
  const prefix = PREFIX.exec(text);
  return prefix === null ? undefined : { symbol: `${prefix[2]}.${prefix[1]}` };
}

/** The spellings of a canonical symbol that name it and nothing else. */
export function aliasesOf(symbol: string): string[] {
  const [code, suffix] = [symbol.slice(0, 6), symbol.slice(7)];
  return [
    symbol,
    `${suffix}${code}`,
    ...[...suffixOf].filter(([, to]) => to === suffix).map(([from]) => `${code}.${from}`),
  ];
}

/** Reads a file's code and exchange: indexes are written `IDX000001`. Undefined when the code is not well-formed. */
export function symbolOf(
  code: string,
  exchange: Exchange,
): { readonly symbol: string; readonly kind: InstrumentKind } | undefined {
  const index = code.startsWith('IDX');
  const digits = index ? code.slice(3) : code;
  if (!BARE.test(digits)) return undefined;
  return { symbol: `${digits}.${exchangeSuffix[exchange]}`, kind: index ? 'index' : 'stock' };
}

const exchangeOfSuffix: ReadonlyMap<string, Exchange> = new Map([
  ['SH', 'SSE'],
  ['SZ', 'SZSE'],
  ['BJ', 'BSE'],
]);

/** The exchange of a canonical symbol. */
export function exchangeOf(symbol: string): Exchange | undefined {
  return exchangeOfSuffix.get(symbol.slice(7));
}
