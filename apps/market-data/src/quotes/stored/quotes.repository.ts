import type { Transaction } from '../../transactions/ingest-transactions.js';
import type { HeldQuote, StoredQuote } from './settle.js';

/** The latest quote of one instrument. */
export interface LatestQuote {
  /** Index into the instruments that were asked for. */
  readonly place: number;
  /** JSON for a client. */
  readonly quote: string;
  /** RFC 3339. */
  readonly t: string;
  readonly simulated: boolean;
}

/** The same with its newest two days as `/bars` shows them, of which one may be made of minute bars; without a quote the first three fields are null. */
export interface Snapshot {
  readonly place: number;
  readonly quote: string | null;
  readonly t: string | null;
  readonly simulated: boolean | null;
  /** JSON, the newest first; null when there are none. */
  readonly bars: readonly string[] | null;
}

/** Where quotes are kept: their history, and of each instrument the latest. */
export abstract class QuotesRepository {
  /** Of those instruments that have one, in the order asked for. */
  abstract latest(ids: readonly number[]): Promise<LatestQuote[]>;

  /** Of every instrument, in the order asked for. */
  abstract snapshots(ids: readonly number[]): Promise<Snapshot[]>;

  /**
   * Stores what `decide` chooses, given the quotes that are held, and answers its decision. No other writer decides about
   * these instruments before the transaction ends.
   */
  abstract record<T extends { readonly stored: readonly StoredQuote[] }>(
    transaction: Transaction,
    ids: readonly number[],
    receivedAtMs: number,
    decide: (held: ReadonlyMap<number, HeldQuote>) => T,
  ): Promise<T>;

  /** Whether any quote of an instrument is stored. */
  abstract holds(
    transaction: Transaction,
    instrument: { readonly id: number; readonly symbol: string },
  ): Promise<boolean>;
}
