import { Injectable } from '@nestjs/common';
import { PostgresPool } from '@mystocks/connection-pool';
import type { IngestRemarks, OperationProblem, OperationStatus } from '@mystocks/contracts';
import type { ChangeCounts } from '../kinds/file-kind.js';
import { uploadColumns, type Upload } from '../kinds/upload.js';

/** How far a run of `abort` is: its blocks do not count themselves, because its one transaction does not show. */
export interface RunProgress {
  readonly phase: 'checking' | 'storing';
  readonly blocks: number;
  readonly lines: number;
  readonly bytes: number;
}

/** What a run of `abort` found in the file, or stored. */
export interface RunCounts {
  readonly total: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly failed: number;
  readonly ignored: readonly string[];
  readonly registered: readonly string[];
  readonly remarks: IngestRemarks;
}

/** How an upload ended. */
export interface Verdict {
  readonly status: OperationStatus;
  readonly problem?: OperationProblem;
}

const LEASE = "interval '10 seconds'";
const mine = "id = $1 AND lease_holder = $2 AND status = 'running'";

const sql = {
  // Time of the database, so that the clocks of the instances need not agree.
  claim: `UPDATE market_data.uploads SET status = 'running', lease_holder = $1, lease_until = now() + ${LEASE},
      attempts = attempts + 1, started_at = coalesce(started_at, now())
    WHERE id = (SELECT id FROM market_data.uploads
      WHERE status IN ('queued', 'running') AND (lease_until IS NULL OR lease_until < now())
      ORDER BY queued_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING ${uploadColumns}`,
  renew: `UPDATE market_data.uploads SET lease_until = now() + ${LEASE} WHERE ${mine} RETURNING cancelling`,
  held: `SELECT ${uploadColumns} FROM market_data.uploads WHERE ${mine}`,
  release: `UPDATE market_data.uploads SET lease_until = now() + $3 * interval '1 second' WHERE ${mine}`,
  // Read here, after the last commit of the work: a read at this position sees all of it.
  end: `UPDATE market_data.uploads SET status = $3, problem = $4, ended_at = now(), lease_until = NULL,
    inserted = inserted + $5, updated = updated + $6, unchanged = unchanged - $5 - $6,
    lsn = pg_current_wal_insert_lsn() WHERE ${mine}`,
  progress: `UPDATE market_data.uploads SET phase = $3, blocks_done = $4, lines_done = $5, bytes_done = $6
    WHERE ${mine} AND set_config('synchronous_commit', 'off', true) IS NOT NULL`,
  counts: `UPDATE market_data.uploads SET total = $3, inserted = $4, updated = $5, unchanged = $6, failed = $7,
    ignored_columns = $8, registered = $9, remarks = $10 WHERE ${mine}`,
};

/** Who works on which upload. A worker holds a lease; when it runs out, another worker goes on. */
@Injectable()
export class UploadQueueRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Takes the oldest upload that no worker holds. */
  async claim(holder: string): Promise<Upload | undefined> {
    return (await this.pool.write((client) => client.query<Upload>(sql.claim, [holder]))).value.rows[0];
  }

  /** Holds on to it; undefined when the lease was lost, else whether its end was asked for. */
  async renew(id: string, holder: string): Promise<boolean | undefined> {
    const { value } = await this.pool.write((client) => client.query<{ cancelling: boolean }>(sql.renew, [id, holder]));
    return value.rows[0]?.cancelling;
  }

  /** Shows how far a run of `abort` is. */
  async progress(id: string, holder: string, { phase, blocks, lines, bytes }: RunProgress): Promise<void> {
    await this.pool.write((client) => client.query(sql.progress, [id, holder, phase, blocks, lines, bytes]));
  }

  /** Writes down what a run of `abort` found in the file, or stored. */
  async found(id: string, holder: string, counts: RunCounts): Promise<void> {
    const { total, inserted, updated, unchanged, failed, ignored, registered, remarks } = counts;
    const values = [id, holder, total, inserted, updated, unchanged, failed, ignored, registered, remarks];
    await this.pool.write((client) => client.query(sql.counts, values));
  }

  /** What stands of it now, on the primary: a replica hears of counted blocks a little later. */
  async held(id: string, holder: string): Promise<Upload | undefined> {
    return (await this.pool.write((client) => client.query<Upload>(sql.held, [id, holder]))).value.rows[0];
  }

  /** Releases it unfinished: any worker may continue after `seconds`. */
  async release(id: string, holder: string, seconds: number): Promise<void> {
    await this.pool.write((client) => client.query(sql.release, [id, holder, seconds]));
  }

  /** Ends it; counts what was stored at its end. */
  async end(
    id: string,
    holder: string,
    { status, problem, inserted = 0, updated = 0 }: Verdict & Partial<ChangeCounts>,
  ): Promise<void> {
    await this.pool.write((client) => client.query(sql.end, [id, holder, status, problem ?? null, inserted, updated]));
  }
}
