import type { BarRows } from './bar-rows.js';
import type { Transaction } from './ingest-transactions.js';

/** Rows of one table that changed something, by their number in {@link BarRows}. */
export interface ChangedRows {
  readonly inserted: readonly number[];
  readonly updated: readonly number[];
}

/** What a block changed. */
export interface StoredRows {
  readonly daily: ChangedRows;
  readonly minute: ChangedRows;
}

/** Where blocks of bars are stored. */
export abstract class BarsIngestRepository {
  /** Stores rows inside `transaction`; rows that stand already with the same values are left alone. */
  abstract store(transaction: Transaction, daily: BarRows, minute: BarRows): Promise<StoredRows>;

  /** Whether any bar of an instrument is stored. */
  abstract holds(
    transaction: Transaction,
    instrument: { readonly id: number; readonly symbol: string },
  ): Promise<boolean>;
}
