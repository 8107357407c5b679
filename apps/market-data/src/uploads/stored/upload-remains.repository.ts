import { Injectable } from '@nestjs/common';
import { PostgresPool } from '@mystocks/connection-pool';

const KEPT = "interval '7 days'";
const ABANDONED_AFTER = "interval '15 minutes'";
const isAbandoned = `u.status = 'staging' AND u.created_at < now() - ${ABANDONED_AFTER} AND NOT EXISTS (
  SELECT FROM market_data.upload_blocks n WHERE n.upload_id = u.id AND n.staged_at > now() - ${ABANDONED_AFTER})`;
const isOld = `u.ended_at < now() - ${KEPT}`;

/** Deletes a limited number of rows at a time, so that no statement holds a connection or its locks for long. */
const bounded = (table: string, where: string, rows: number): string =>
  `DELETE FROM market_data.${table} WHERE ctid = ANY(ARRAY(SELECT x.ctid FROM market_data.${table} x
    JOIN market_data.uploads u ON u.id = x.upload_id WHERE ${where} LIMIT ${rows}))`;

/** An upload is deleted last, once no block and no rejected line refers to it. */
const steps = [
  bounded('upload_blocks', `u.ended_at IS NOT NULL OR ${isAbandoned}`, 50),
  bounded('upload_refusals', isOld, 5_000),
  `DELETE FROM market_data.uploads u WHERE (${isOld} OR ${isAbandoned})
    AND NOT EXISTS (SELECT FROM market_data.upload_blocks b WHERE b.upload_id = u.id)
    AND NOT EXISTS (SELECT FROM market_data.upload_refusals r WHERE r.upload_id = u.id)`,
];

/** Deletes what uploads leave behind: staged blocks, unfinished uploads, and operations that ended 7 days ago. */
@Injectable()
export class UploadRemainsRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Deletes everything that has expired, and stops early when `isOver` returns true. */
  async prune(isOver: () => boolean): Promise<void> {
    for (const text of steps) {
      for (let removed = 1; removed > 0 && !isOver();) {
        removed = (await this.pool.write((client) => client.query(text))).value.rowCount ?? 0;
      }
    }
  }
}
