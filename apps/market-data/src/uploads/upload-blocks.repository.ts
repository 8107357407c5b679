import { Injectable } from '@nestjs/common';
import { PostgresPool } from '@mystocks/connection-pool';
import type { AppendUploadRequest, IngestItem, IngestReport } from '@mystocks/contracts';
import { HeldBlocks } from './held-blocks.js';
import type { StagedBlock } from './upload.js';

/** Refused lines of a file that its report keeps. */
const REPORT_LINES_MAX = 100_000;
const HELD_BYTES_MAX = 8 * 2 ** 20;

// Losing the newest milliseconds in a crash of PostgreSQL does no harm in these two: `start` counts what is staged and
// commits for sure, and a block that stands again is stored again under the same idempotency key. It saves a flush each.
const unflushed = "set_config('synchronous_commit', 'off', true)";

const keepRefusals = `INSERT INTO market_data.upload_refusals (upload_id, line, id, status, code, message)
  SELECT $1, r.line, r.id, r.status, r.code, r.message
  FROM json_to_recordset($3) AS r(line bigint, id text, status smallint, code int, message text)
  WHERE (SELECT report_lines FROM market_data.uploads WHERE id = $1 AND lease_holder = $2) < ${REPORT_LINES_MAX}
  ON CONFLICT DO NOTHING RETURNING 1`;

const sql = {
  append: `WITH open AS MATERIALIZED (
      SELECT id, ${unflushed} FROM market_data.uploads WHERE id = $1 AND owner = $2 AND status = 'staging')
    INSERT INTO market_data.upload_blocks (upload_id, first_line, lines, body)
    SELECT id, $3, $4, $5 FROM open ON CONFLICT DO NOTHING`,
  next: `SELECT first_line::float8 AS first_line, lines, CASE WHEN first_line = ANY ($3) THEN NULL ELSE body END AS body FROM market_data.upload_blocks
    WHERE upload_id = $1 AND first_line > $2 ORDER BY first_line LIMIT 1`,
  // Exactly once: who deletes the block counts it.
  stored: `WITH mine AS MATERIALIZED (
      SELECT id, ${unflushed} FROM market_data.uploads WHERE id = $1 AND lease_holder = $2 AND status = 'running'),
    done AS (DELETE FROM market_data.upload_blocks b USING mine WHERE b.upload_id = mine.id AND b.first_line = $4
      RETURNING b.lines, octet_length(b.body) AS bytes),
    kept AS (${keepRefusals})
    UPDATE market_data.uploads u SET
      blocks_done = u.blocks_done + 1, lines_done = u.lines_done + done.lines, bytes_done = u.bytes_done + done.bytes,
      total = u.total + $5, inserted = u.inserted + $6, updated = u.updated + $7, unchanged = u.unchanged + $8,
      failed = u.failed + $9, report_lines = u.report_lines + (SELECT count(*) FROM kept),
      attempts = 0, ignored_columns = ARRAY(SELECT DISTINCT unnest(u.ignored_columns || $10::text[]) ORDER BY 1),
      registered = ARRAY(SELECT DISTINCT unnest(u.registered || $11::text[]) ORDER BY 1)
    FROM done WHERE u.id = $1`,
  refuse: `WITH kept AS (${keepRefusals})
    UPDATE market_data.uploads SET report_lines = report_lines + (SELECT count(*) FROM kept) WHERE id = $1`,
};

interface NextBlock extends Omit<StagedBlock, 'body'> {
  /** Null when this instance holds it. */
  readonly body: Buffer | null;
}

/** The staged blocks of uploads, and what became of them. */
@Injectable()
export class UploadBlocksRepository {
  readonly #held = new HeldBlocks(HELD_BYTES_MAX);

  constructor(private readonly pool: PostgresPool) {}

  /** Stages a block; false when it stands already, or there is no such upload of `owner` to append to. */
  async append(owner: string, { id, first_line, lines, body }: AppendUploadRequest): Promise<boolean> {
    const values = [id, owner, first_line, lines, body];
    const { value } = await this.pool.write((client) => client.query(sql.append, values));
    if (value.rowCount !== 1) return false;
    this.#held.hold(id, first_line, body);
    return true;
  }

  /**
   * The staged blocks in the order of the file, each read when it is asked for. From the primary: a replica would have
   * to catch up with every block that was counted meanwhile.
   */
  async *staged(id: string): AsyncGenerator<StagedBlock> {
    for (let after = 0; ;) {
      const read = [id, after, this.#held.of(id)];
      const { value } = await this.pool.write((client) => client.query<NextBlock>(sql.next, read));
      const [block] = value.rows;
      if (block === undefined) return;
      const body = block.body ?? this.#held.take(id, block.first_line);
      // Pushed out by newer ones since it was asked for: then it is read after all.
      if (body === undefined) continue;
      after = block.first_line;
      yield { ...block, body };
    }
  }

  /** Counts a stored block, keeps its refused lines and lets its text go. Nothing happens when `holder` lost the upload. */
  async stored(id: string, holder: string, block: StagedBlock, report: IngestReport): Promise<void> {
    const { total, inserted, updated, unchanged, failed, ignored_columns, registered } = report;
    const counts = [total, inserted, updated, unchanged, failed, ignored_columns, registered];
    const values = [id, holder, JSON.stringify(report.items), block.first_line, ...counts];
    await this.pool.write((client) => client.query(sql.stored, values));
  }

  /** Keeps refused lines of a block that was only looked at; a second look keeps them once. */
  async refuse(id: string, holder: string, items: readonly IngestItem[]): Promise<void> {
    await this.pool.write((client) => client.query(sql.refuse, [id, holder, JSON.stringify(items)]));
  }
}
