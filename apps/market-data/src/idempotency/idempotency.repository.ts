import { Injectable } from '@nestjs/common';
import { PostgresPool } from '@mystocks/connection-pool';
import type { IngestReport } from '@mystocks/contracts';
import type { Transaction } from '../transactions/ingest-transactions.js';
import type { Claim } from './claim.js';
import type { PendingEvent } from './pending-events.js';

/** A write that was done before. */
export interface Done {
  readonly request_hash: Buffer;
  readonly report: IngestReport;
  /** Events that may never have been published, because the writer crashed first. */
  readonly untold: PendingEvent[] | null;
}

/** Keys are stored for two days, longer than any client retries. */
const LIFETIME = `interval '48 hours'`;
/** Most expired keys that one statement deletes. */
export const EXPIRED_MAX = 1_000;

const place = 'owner = $1 AND key = $2 AND part = $3';
// Two different keys with the same hash exclude each other for a moment: the caller gets `conflict` and tries again.
const claim = {
  name: 'idempotency-claim',
  text: `SELECT pg_try_advisory_xact_lock(hashtextextended(concat_ws(E'\\n', $1::text, $2::text, $3::text), 0)) AS free`,
};
const find = {
  name: 'idempotency-find',
  text: `SELECT request_hash, report, untold FROM market_data.idempotency_keys WHERE ${place}`,
};
const store = {
  name: 'idempotency-keep',
  text: `INSERT INTO market_data.idempotency_keys (owner, key, part, request_hash, report, untold)
    VALUES ($1, $2, $3, $4, $5, $6)`,
};
const markPublished = {
  name: 'idempotency-told',
  text: `UPDATE market_data.idempotency_keys SET untold = NULL WHERE ${place}`,
};
const deleteExpired = {
  name: 'idempotency-forget',
  text: `DELETE FROM market_data.idempotency_keys WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM market_data.idempotency_keys WHERE created_at < now() - ${LIFETIME}
    ORDER BY created_at LIMIT ${EXPIRED_MAX} FOR UPDATE SKIP LOCKED))`,
};

const placeOf = ({ owner, key, part }: Claim): unknown[] => [owner, key, part];

/** Which writes were done under which key. A key is stored in the transaction of its write: both exist, or neither. */
@Injectable()
export class IdempotencyRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Claims the key until the transaction ends; false when another transaction holds it. */
  async claim({ client }: Transaction, one: Claim): Promise<boolean> {
    const { rows } = await client.query<{ free: boolean }>({ ...claim, values: placeOf(one) });
    return rows[0]?.free === true;
  }

  /** The write that was done under the claimed key. A statement of its own, so that it sees what the last holder committed. */
  async find({ client }: Transaction, one: Claim): Promise<Done | undefined> {
    const { rows } = await client.query<Done>({ ...find, values: placeOf(one) });
    return rows[0];
  }

  /** The hash of the request that was done under the key, read outside of any transaction. */
  async hashOf(one: Claim): Promise<Buffer | undefined> {
    const { rows } = await this.pool.query<Pick<Done, 'request_hash'>>({ ...find, values: placeOf(one) });
    return rows[0]?.request_hash;
  }

  async store(
    { client }: Transaction,
    one: Claim,
    done: { readonly report: object; readonly events: readonly PendingEvent[] },
  ): Promise<void> {
    const untold = done.events.length === 0 ? null : JSON.stringify(done.events);
    const values = [...placeOf(one), one.requestHash, JSON.stringify(done.report), untold];
    await client.query({ ...store, values });
  }

  /** Notes that the events were given to the bus, so that a replay does not publish them again. */
  async markPublished(one: Claim): Promise<void> {
    await this.pool.write(async (client) => {
      // If a crash loses this mark, events are published twice; waiting for the disk would slow every write down.
      await client.query('SET LOCAL synchronous_commit = off');
      await client.query({ ...markPublished, values: placeOf(one) });
    });
  }

  /** Deletes some of the expired keys and returns their number. */
  async deleteExpired(): Promise<number> {
    const { value } = await this.pool.write((client) => client.query(deleteExpired));
    return value.rowCount ?? 0;
  }
}
