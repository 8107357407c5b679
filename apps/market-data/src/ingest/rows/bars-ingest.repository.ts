import type { BarRows } from './bar-rows.js';
import type { Transaction } from '../../transactions/ingest-transactions.js';

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

/** Rows of both tables. */
export interface BlockRows {
  readonly daily: BarRows;
  readonly minute: BarRows;
}

/** Rows that a later line of their file has replaced but for optional values that it lacks. */
export type FillingRows = BlockRows;

/** Numbers of rows of both tables. */
export interface ChangingRows {
  readonly daily: readonly number[];
  readonly minute: readonly number[];
}

/** Bars that {@link FillingRows} changed, as they stand now. */
export interface FilledBars extends ChangedRows {
  readonly rows: BarRows;
}

/** The store for blocks of bars. */
export abstract class BarsIngestRepository {
  /** Stores rows inside `transaction`; rows that stand already with the same values are left alone. */
  abstract store(transaction: Transaction, daily: BarRows, minute: BarRows): Promise<StoredRows>;

  /**
   * Gives bars that stand the optional values of these rows, and leaves everything else of them as it stands. Where no
   * bar stands the whole row is stored: the block with the later line comes after it.
   */
  abstract fill(
    transaction: Transaction,
    filling: FillingRows,
  ): Promise<{ readonly daily: FilledBars; readonly minute: FilledBars }>;

  /** Which of these rows, by their numbers, would change something if they were stored now. */
  abstract changing(transaction: Transaction, rows: BlockRows): Promise<ChangingRows>;

  /** Whether any bar of an instrument is stored. */
  abstract holds(
    transaction: Transaction,
    instrument: { readonly id: number; readonly symbol: string },
  ): Promise<boolean>;
}

/** Stores {@link FillingRows}, if there are any; answers the bars that they changed as they stand now. */
export async function fillIn(
  bars: BarsIngestRepository,
  transaction: Transaction,
  filling: BlockRows,
): Promise<{ readonly rows: BlockRows; readonly stored: StoredRows } | undefined> {
  if (filling.daily.size + filling.minute.size === 0) return undefined;
  const { daily, minute } = await bars.fill(transaction, filling);
  return { rows: { daily: daily.rows, minute: minute.rows }, stored: { daily, minute } };
}
