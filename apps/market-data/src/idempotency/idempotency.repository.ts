import { Injectable } from '@nestjs/common';
import { PostgresPool } from '@mystocks/connection-pool';
import type { IngestReport } from '@mystocks/contracts';
import type { Transaction } from '../transactions/ingest-transactions.js';
import type { Claim } from './claim.js';
import type { News } from './news.js';

/** A write that was done before. */
export interface Done {
  readonly request_hash: Buffer;
  readonly report: IngestReport;
  /** News that were perhaps never told: the writer died before it could. */
  readonly untold: News[] | null;
}

/** Keys are remembered for two days; whoever sends a write again does so sooner. */
const KEPT = `interval '48 hours'`;
/** Keys that one round of forgetting takes. */
export const FORGOTTEN_MAX = 1_000;

const place = 'owner = $1 AND key = $2 AND part = $3';
// Two different keys with one hash would at worst wait for each other: the caller is told to come again.
const claim = {
  name: 'idempotency-claim',
  text: `SELECT pg_try_advisory_xact_lock(hashtextextended(concat_ws(E'\\n', $1::text, $2::text, $3::text), 0)) AS free`,
};
const find = {
  name: 'idempotency-find',
  text: `SELECT request_hash, report, untold FROM market_data.idempotency_keys WHERE ${place}`,
};
const keep = {
  name: 'idempotency-keep',
  text: `INSERT INTO market_data.idempotency_keys (owner, key, part, request_hash, report, untold)
    VALUES ($1, $2, $3, $4, $5, $6)`,
};
const told = {
  name: 'idempotency-told',
  text: `UPDATE market_data.idempotency_keys SET untold = NULL WHERE ${place}`,
};
const forget = {
  name: 'idempotency-forget',
  text: `DELETE FROM market_data.idempotency_keys WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM market_data.idempotency_keys WHERE created_at < now() - ${KEPT}
    ORDER BY created_at LIMIT ${FORGOTTEN_MAX} FOR UPDATE SKIP LOCKED))`,
};

const placeOf = ({ owner, key, part }: Claim): unknown[] => [owner, key, part];

/** What was done under which key, written in the transaction of the write itself: both are there, or neither. */
@Injectable()
export class IdempotencyRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Claims the key until the transaction ends; false when another transaction holds it. */
  async claim({ client }: Transaction, one: Claim): Promise<boolean> {
    const { rows } = await client.query<{ free: boolean }>({ ...claim, values: placeOf(one) });
    return rows[0]?.free === true;
  }

  /** What was done under the claimed key. A statement of its own: it must see what the last holder committed. */
  async find({ client }: Transaction, one: Claim): Promise<Done | undefined> {
    const { rows } = await client.query<Done>({ ...find, values: placeOf(one) });
    return rows[0];
  }

  /** The hash of what was done under the key, seen from outside of any transaction. */
  async hashOf(one: Claim): Promise<Buffer | undefined> {
    const { rows } = await this.pool.query<Pick<Done, 'request_hash'>>({ ...find, values: placeOf(one) });
    return rows[0]?.request_hash;
  }

  async keep(
    { client }: Transaction,
    one: Claim,
    done: { readonly report: object; readonly news: readonly News[] },
  ): Promise<void> {
    const untold = done.news.length === 0 ? null : JSON.stringify(done.news);
    const values = [...placeOf(one), one.requestHash, JSON.stringify(done.report), untold];
    await client.query({ ...keep, values });
  }

  /** The news were handed to the bus: a replay need not tell them. */
  async told(one: Claim): Promise<void> {
    await this.pool.write(async (client) => {
      // Losing this mark in a crash costs news that are told twice; waiting for the disk would cost every write.
      await client.query('SET LOCAL synchronous_commit = off');
      await client.query({ ...told, values: placeOf(one) });
    });
  }

  /** Forgets some of the keys that are old enough; answers how many. */
  async forget(): Promise<number> {
    const { value } = await this.pool.write((client) => client.query(forget));
    return value.rowCount ?? 0;
  }
}
