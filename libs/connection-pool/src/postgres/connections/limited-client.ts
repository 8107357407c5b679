import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from } from 'pg-copy-streams';
import type { Queryable, Rows, Statement, WritingClient } from './queryable.js';

/** The client that a borrower gets. Each of its statements fails when the server has not answered within a time limit. */
export class LimitedClient implements Queryable, WritingClient {
  readonly #client: Client;
  readonly #timeoutMs: number;
  readonly #renew: () => void;

  constructor(client: Client, timeoutMs: number, renew: () => void) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.#renew = renew;
  }

  query<Row extends object>(statement: Statement | string, values?: readonly unknown[]): Promise<Rows<Row>> {
    const query =
      typeof statement === 'string' ? { text: statement, ...(values === undefined ? {} : { values }) } : statement;
    // pg 8 supports `query_timeout` for one statement, but its types do not.
    return this.#client.query({ query_timeout: this.#timeoutMs, ...query } as { text: string });
  }

  atWork(): void {
    this.#renew();
  }

  async copyFrom(sql: string, chunks: Iterable<Uint8Array>): Promise<number> {
    const copy = this.#client.query(Object.assign(from(sql), { query_timeout: this.#timeoutMs }));
    await pipeline(Readable.from(chunks, { objectMode: true }), copy);
    return copy.rowCount;
  }
}
