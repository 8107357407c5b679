import { exchanges, exchangeSuffix, type Exchange, type InstrumentStatus } from '@mystocks/contracts';

/** What a client's spelling of a symbol names: exactly one symbol, or a bare code that may name two. */
export type ParsedAlias = { readonly symbol: string } | { readonly code: string };

const BARE = /^[0-9]{6}$/;
const ENDING = /^([0-9]{6})\.([A-Z]{2,4})$/;
const PREFIX = /^(SH|SZ|BJ)([0-9]{6})$/;
// ISO 10383 market codes, the exchanges' own short names, and the two-letter ones.
const suffixOf = new Map([
  ...Object.values(exchangeSuffix).map((suffix) => [suffix, suffix] as const),
  ['XSHG', 'SH'],
  ['XSHE', 'SZ'],
  ['XBSE', 'BJ'],
  ...Object.entries(exchangeSuffix),
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

/**
 * Reads a file's code and exchange; `IDX000001` says that it means an index. Undefined when the code is not well-formed.
 */
export function symbolOf(
  code: string,
  exchange: Exchange,
): { readonly symbol: string; readonly saysIndex: boolean } | undefined {
  const saysIndex = code.startsWith('IDX');
  const digits = saysIndex ? code.slice(3) : code;
  if (!BARE.test(digits)) return undefined;
  return { symbol: `${digits}.${exchangeSuffix[exchange]}`, saysIndex };
}

/** The exchange of a canonical symbol. */
export function exchangeOf(symbol: string): Exchange | undefined {
  return exchanges.find((exchange) => exchangeSuffix[exchange] === symbol.slice(7));
}

/**
 * Of the instruments that have one code, those that a bare code may mean: the listed ones, and all of them only where
 * none is listed. So an instrument that only a file names never takes a code away from a listed one.
 */
export function listedFirst<T extends { readonly status: InstrumentStatus }>(named: readonly T[]): readonly T[] {
  const listed = named.filter(({ status }) => status === 'listed');
  return listed.length > 0 ? listed : named;
}
