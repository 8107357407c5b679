import type { Bus } from '@mystocks/bus';
import { latestQuotes, type Quote } from '@mystocks/contracts';
import { membersOf, type Snapshot } from '../channels/snapshot.js';

/** The stored sequence of a symbol's quotes, which grows by one and outlives restarts. */
export const QUOTE_EPOCH = 'q1';

/**
 * Reads the latest quotes of at most 100 symbols, with the token of the current context. It reads from market-data and not from
 * a cache tier: a snapshot must not be older than the events that this instance has already sent.
 */
export async function readQuotes(bus: Bus, symbols: readonly string[]): Promise<ReadonlyMap<string, Snapshot>> {
  const { body } = await bus.call(latestQuotes, { symbols: [...symbols] });
  const quotes = membersOf(membersOf(JSON.parse(Buffer.from(body).toString('utf8')))['quotes']);
  return new Map(symbols.map((symbol) => [symbol, toSnapshot(quotes[symbol])]));
}

/** A quote as subscribers get it: the fields of `GET /stocks/quotes/latest`; the channel says the symbol. */
export function toValue(quote: Readonly<Record<string, unknown>> | Quote): object {
  return Object.fromEntries(Object.entries(quote).filter(([name]) => name !== 'symbol' && name !== 'seq'));
}

function toSnapshot(quote: unknown): Snapshot {
  const { seq, ...rest } = membersOf(quote);
  const value = Object.keys(rest).length === 0 ? null : toValue(rest);
  return { offset: typeof seq === 'number' ? seq : 0, value };
}
