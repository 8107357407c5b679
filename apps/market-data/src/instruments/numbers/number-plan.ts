import type { Day } from '@mystocks/calendar';
import type { Exchange, InstrumentKind } from '@mystocks/contracts';

type NumberRange = readonly [exchange: Exchange, since: Day, kind: InstrumentKind, prefixes: string];

/*
 * Which codes each exchange gives out, as of November 2026: the first digits of a code, what is traded under it, and the
 * day from which the range is in use. A new range is added with the day on which it begins. Where two prefixes match, the
 * longer one decides. Codes that are only used to subscribe, vote or pledge never have a price and are left out.
 */
const plan: readonly NumberRange[] = [
  // Shanghai: A shares of the main board, STAR market, B shares, preferred shares.
  ['SSE', '1990-12-19', 'stock', '60'],
  ['SSE', '2019-07-22', 'stock', '68'],
  ['SSE', '1992-02-21', 'stock', '90'],
  ['SSE', '2014-11-28', 'stock', '36'],
  // Indexes of the exchange and of China Securities Index, which files give with Shanghai.
  ['SSE', '1991-07-15', 'index', '000 93 95'],
  // Closed-end funds, listed open-end funds, REITs, exchange-traded funds, money funds.
  ['SSE', '1998-04-07', 'fund', '50 51 52 53 55 56 58'],
  // Treasury and local government bonds, corporate and convertible bonds, asset-backed securities, repurchases.
  ['SSE', '1990-12-19', 'bond', '009 01 02 1 201 202 203 204 205 206 24 25 26 27'],
  // Shenzhen: A shares of the main board (000 to 004), ChiNext, B shares, preferred shares.
  ['SZSE', '1990-12-01', 'stock', '00'],
  ['SZSE', '2009-10-30', 'stock', '30'],
  ['SZSE', '1992-02-28', 'stock', '20'],
  ['SZSE', '2014-12-01', 'stock', '140'],
  // Indexes and market statistics of the exchange, indexes of its index company.
  ['SZSE', '1991-04-03', 'index', '395 399'],
  ['SZSE', '2020-01-01', 'index', '97 98'],
  // Structured funds, exchange-traded funds, listed open-end funds, closed-end funds and REITs.
  ['SZSE', '1998-04-07', 'fund', '15 16 18'],
  // Treasury and local government bonds, corporate and convertible bonds, asset-backed securities, repurchases.
  ['SZSE', '1991-07-03', 'bond', '10 11 12 13 14 19 524'],
  // Beijing: shares under the numbers of the NEEQ and under its own, preferred shares, bonds, indexes.
  ['BSE', '2021-11-15', 'stock', '43 83 87 88 820'],
  ['BSE', '2024-04-22', 'stock', '92'],
  ['BSE', '2021-11-15', 'bond', '81 82'],
  ['BSE', '2022-11-21', 'index', '899'],
];

const ranges = plan.flatMap(([exchange, since, kind, prefixes]) =>
  prefixes.split(' ').map((prefix) => ({ exchange, since, kind, prefix })),
);

/**
 * What an exchange trades under a code; undefined when it has no such code, or has it only after `day`. It says nothing
 * about the days of bars: renumbered instruments take their older bars with them.
 */
export function plannedKind(exchange: Exchange, code: string, day?: Day): InstrumentKind | undefined {
  let best: (typeof ranges)[number] | undefined;
  for (const range of ranges) {
    if (range.exchange !== exchange || !code.startsWith(range.prefix)) continue;
    if (day !== undefined && range.since > day) continue;
    if (best === undefined || range.prefix.length > best.prefix.length) best = range;
  }
  return best?.kind;
}

/** True when a code without its exchange may also mean something that is not an index: 000001 is an index and a bank. */
export function isAlsoNoIndex(code: string): boolean {
  return ranges.some(({ kind, prefix }) => kind !== 'index' && code.startsWith(prefix));
}
