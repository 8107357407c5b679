import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from } from 'pg-copy-streams';
import type { Queryable, Rows, Statement, WritingClient } from './queryable.js';

/** The pool's connection as a borrower sees it: every statement has a limit after which its silence is a failure. */
export class Borrowed implements Queryable, WritingClient {
  readonly #client: Client;
  readonly #silenceMs: number;
  readonly #renew: () => void;

  constructor(client: Client, silenceMs: number, renew: () => void) {
    this.#client = client;
    this.#silenceMs = silenceMs;
    this.#renew = renew;
  }

  query<Row extends object>(statement: Statement | string, values?: readonly unknown[]): Promise<Rows<Row>> {
    const whole =
      typeof statement === 'string' ? { text: statement, ...(values === undefined ? {} : { values }) } : statement;
    // `query_timeout` of one statement is read by pg 8 and absent from its types.
    return this.#client.query({ query_timeout: this.#silenceMs, ...whole } as { text: string });
  }

  atWork(): void {
    this.#renew();
  }

  async copyFrom(sql: string, chunks: Iterable<Uint8Array>): Promise<number> {
    const copy = this.#client.query(Object.assign(from(sql), { query_timeout: this.#silenceMs }));
    await pipeline(Readable.from(chunks, { objectMode: true }), copy);
    return copy.rowCount;
  }
}
