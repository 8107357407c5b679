import type { Lsn } from '@mystocks/kernel';

/** A statement; with a name it is prepared once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

export interface Rows<Row> {
  readonly rows: Row[];
  /** Rows touched; null for statements that have no count. */
  readonly rowCount: number | null;
}

/** A borrowed connection: good inside the `work` it was handed to, and not a moment longer. */
export interface Queryable {
  query<Row extends object = Record<string, unknown>>(
    statement: Statement | string,
    values?: readonly unknown[],
  ): Promise<Rows<Row>>;
}

/** A borrowed connection inside a transaction. */
export interface WritingClient extends Queryable {
  /** Streams whole rows in COPY text format into `COPY ... FROM STDIN`; answers how many were stored. */
  copyFrom(sql: string, chunks: Iterable<Uint8Array>): Promise<number>;
  /** For a transaction of many statements: it is not a leak as long as this is said now and then. */
  atWork(): void;
}

export interface ReadOptions {
  /**
   * The read must see everything written up to this log position (X-Read-After). Without it, everything that was
   * acknowledged before the read began.
   */
  readonly after?: Lsn | undefined;
}

export interface WriteOptions {
  /** Longer than the pool's statement timeout for batches; the deadline of the call is the bound. */
  readonly statementTimeoutMs?: number;
}

export interface Written<T> {
  readonly value: T;
  /** Log position after the commit: a read that asks for it sees this write. */
  readonly lsn: Lsn;
}
