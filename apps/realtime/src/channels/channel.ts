import { storedTimeframes, type StoredTimeframe } from '@mystocks/contracts';

/** A channel that exists: its symbol is canonical. */
export interface Channel {
  /** First part of the name: which {@link ChannelKind} the channel is of. */
  readonly kind: string;
  readonly name: string;
  readonly symbol: string;
}

export interface BarChannel extends Channel {
  readonly timeframe: StoredTimeframe;
}

export const quoteChannel = (symbol: string): Channel => ({ kind: 'quote', name: `quote.${symbol}`, symbol });

export const barChannel = (timeframe: StoredTimeframe, symbol: string): BarChannel => ({
  kind: 'bar',
  name: `bar.${timeframe}.${symbol}`,
  symbol,
  timeframe,
});

export const isBarChannel = (channel: Channel): channel is BarChannel => channel.kind === 'bar';

/** Minutes of a timeframe; 0 for the daily one, which is not made of minutes. */
export const frameMinutes: Readonly<Record<StoredTimeframe, number>> = {
  '1Min': 1,
  '5Min': 5,
  '15Min': 15,
  '30Min': 30,
  '60Min': 60,
  '1Day': 0,
};

/** The timeframes whose bars change with those of `timeframe`: the coarser ones of minutes. */
export const coarserFrames = (timeframe: StoredTimeframe): StoredTimeframe[] =>
  timeframe === '1Day' ? [] : storedTimeframes.filter((one) => frameMinutes[one] > frameMinutes[timeframe]);
