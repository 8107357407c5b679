import type { Quote, QuoteChanged } from '@mystocks/contracts';
import { IdempotencyRepository } from '../src/idempotency/idempotency.repository.js';
import { IdempotencyService } from '../src/idempotency/idempotency.service.js';
import type { IngestTransactions } from '../src/transactions/ingest-transactions.js';
import { QuotesService } from '../src/quotes/quotes.service.js';
import type { Market } from './stored-market.js';

/** A few seconds after the quotes of {@link quoteAt}. */
export const QUOTES_NOW = Date.parse('2022-06-01T10:00:10+08:00');

/** A quote of 600000.SH in a second of one minute. */
export const quoteAt = (second: string, more: Partial<Quote> = {}): Quote => ({
  symbol: '600000.SH',
  t: `2022-06-01T10:00:${second}+08:00`,
  last: 8.1,
  ...more,
});

/** The service of quotes over a market of a test. */
export function openQuotes(
  market: Omit<Market, 'analyze'>,
  now: () => number,
  transactions: IngestTransactions = market.transactions,
) {
  const once = new IdempotencyService(transactions, new IdempotencyRepository(market.pool), market.bus.bus, { now });
  const service = new QuotesService(market.directory, market.store.quotes, once, { now });
  return {
    service,
    /** Records these quotes; answers the status of each. */
    statuses: async (...quotes: Quote[]): Promise<number[]> =>
      (await service.record({ quotes })).items.map(({ status }) => status),
    latest: async (...symbols: string[]) =>
      JSON.parse((await service.latest({ symbols })).body.toString()) as {
        quotes: Record<string, unknown>;
        meta: Record<string, unknown>;
      },
    /** Every quote that was published. */
    published: (): QuoteChanged[] => market.bus.published.map(({ payload }) => payload as QuoteChanged),
  };
}

export type OpenQuotes = ReturnType<typeof openQuotes>;
