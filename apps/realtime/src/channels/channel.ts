import { storedTimeframes, type StoredTimeframe } from '@mystocks/contracts';
import { SYMBOL_ALIAS } from '@mystocks/validation';

/** A channel as a client names it; the symbol is still in the client's spelling. */
export type ChannelName =
  | { readonly kind: 'quote'; readonly alias: string }
  | { readonly kind: 'bar'; readonly timeframe: StoredTimeframe; readonly alias: string };

/** A channel that exists: its symbol is canonical. */
export interface Channel {
  readonly name: string;
  readonly symbol: string;
  /** Absent for quotes. */
  readonly timeframe?: StoredTimeframe;
}

/**
 * Names of the sequences behind offsets. `q1`: the stored sequence of a symbol's quotes, which grows by one and
 * outlives restarts. `b1`: the position of the store's log when the bar was committed, which grows but has holes.
 */
export const epochs = { quote: 'q1', bar: 'b1' } as const;

/** Reads `quote.<symbol>` or `bar.<timeframe>.<symbol>`; undefined when it is neither. */
export function parseChannel(name: string): ChannelName | undefined {
  const [kind = '', ...rest] = name.split('.');
  if (kind === 'quote') return withAlias(rest.join('.'), (alias) => ({ kind, alias }));
  const timeframe = storedTimeframes.find((one) => one === rest[0]);
  if (kind !== 'bar' || timeframe === undefined) return undefined;
  return withAlias(rest.slice(1).join('.'), (alias) => ({ kind, timeframe, alias }));
}

function withAlias(alias: string, make: (alias: string) => ChannelName): ChannelName | undefined {
  return SYMBOL_ALIAS.test(alias) ? make(alias) : undefined;
}

export const quoteChannel = (symbol: string): Channel => ({ name: `quote.${symbol}`, symbol });

export const barChannel = (timeframe: StoredTimeframe, symbol: string): Channel => ({
  name: `bar.${timeframe}.${symbol}`,
  symbol,
  timeframe,
});

/** Minutes of a frame; 0 for the daily one, which is not made of minutes. */
export const frameMinutes: Readonly<Record<StoredTimeframe, number>> = {
  '1Min': 1,
  '5Min': 5,
  '15Min': 15,
  '30Min': 30,
  '60Min': 60,
  '1Day': 0,
};

/** The frames whose bars change with those of `timeframe`: the coarser ones of minutes. */
export const coarserFrames = (timeframe: StoredTimeframe): StoredTimeframe[] =>
  timeframe === '1Day' ? [] : storedTimeframes.filter((one) => frameMinutes[one] > frameMinutes[timeframe]);
