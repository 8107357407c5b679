import type { Lsn } from '@mystocks/kernel';

/** A statement. With a name it is prepared once for each connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

export interface Rows<Row> {
  readonly rows: Row[];
  /** Number of rows that the statement returned or changed; null for statements without a count. */
  readonly rowCount: number | null;
}

/** A checked-out connection. It may be used only inside the `work` function that it was passed to. */
export interface Queryable {
  query<Row extends object = Record<string, unknown>>(
    statement: Statement | string,
    values?: readonly unknown[],
  ): Promise<Rows<Row>>;
}

/** A checked-out connection inside a transaction. */
export interface WritingClient extends Queryable {
  /** Streams whole rows in COPY text format into `COPY ... FROM STDIN`; returns how many were stored. */
  copyFrom(sql: string, chunks: Iterable<Uint8Array>): Promise<number>;
  /** For transactions of many statements: a call now and then keeps the checkout from counting as a leak. */
  atWork(): void;
}

export interface ReadOptions {
  /**
   * The read must see everything written up to this log position (X-Read-After). Without it, the read sees everything
   * that was acknowledged before it began.
   */
  readonly after?: Lsn | undefined;
}

export interface WriteOptions {
  /** Replaces the pool's statement timeout; for batches, which are limited by the deadline of the call. */
  readonly statementTimeoutMs?: number;
}

export interface Written<T> {
  readonly value: T;
  /** Log position after the commit: a read with this position as `after` sees the write. */
  readonly lsn: Lsn;
}
