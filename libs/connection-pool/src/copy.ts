import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from } from 'pg-copy-streams';
import type { Queryable } from './queryable.js';

/** Streams `chunks` (whole rows in COPY text format) into `COPY ... FROM STDIN`; answers how many rows were stored. */
export async function copyInto(client: Queryable, sql: string, chunks: Iterable<Uint8Array>): Promise<number> {
  const copy = (client as PoolClient).query(from(sql));
  await pipeline(Readable.from(chunks, { objectMode: true }), copy);
  return copy.rowCount;
}
