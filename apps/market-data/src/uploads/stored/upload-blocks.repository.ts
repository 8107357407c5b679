import { Injectable } from '@nestjs/common';
import { PostgresPool, type WritingClient } from '@mystocks/connection-pool';
import {
  addRemarks,
  remarksOf,
  type AppendUploadRequest,
  type IngestItem,
  type IngestRemarks,
  type IngestReport,
} from '@mystocks/contracts';
import { DeadBuffers } from '@mystocks/kernel';
import { release } from '../../ingest/rows/release.js';
import { HeldBlocks } from './held-blocks.js';
import type { StagedBlock } from '../kinds/upload.js';

/** Most rejected lines that the report of a file keeps. */
const REPORT_LINES_MAX = 100_000;
const HELD_BYTES_MAX = 8 * 2 ** 20;
/** Less than the 64 KiB that a socket reads at once. */
const PIECE_BYTES = 49_152;
const PLACES_AT_ONCE = 100;

// A crash of PostgreSQL may undo these two statements without harm: `start` counts the staged blocks and waits for the
// disk, and a block that reappears is stored again under the same idempotency key. Each saves one flush.
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
  places: `SELECT first_line::float8 AS first_line, lines FROM market_data.upload_blocks
    WHERE upload_id = $1 AND first_line > $2 ORDER BY first_line LIMIT ${PLACES_AT_ONCE}`,
  // Selects escaped text, which for most files is the text itself, because bytea arrives as hexadecimal and twice as long.
  // It comes in pieces that one read of the socket holds: as one value, pg would collect it in ever larger buffers.
  body: `SELECT encode(substr(body, start, ${PIECE_BYTES}), 'escape') AS piece FROM market_data.upload_blocks,
      generate_series(1, octet_length(body), ${PIECE_BYTES}) AS start
    WHERE upload_id = $1 AND first_line = $2 ORDER BY start`,
  remarks: 'SELECT remarks FROM market_data.uploads WHERE id = $1 FOR UPDATE',
  // A block is counted exactly once, by the statement that deletes it.
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
      registered = ARRAY(SELECT DISTINCT unnest(u.registered || $11::text[]) ORDER BY 1),
      remarks = coalesce($12, u.remarks)
    FROM done WHERE u.id = $1`,
  refuse: `WITH kept AS (${keepRefusals})
    UPDATE market_data.uploads SET report_lines = report_lines + (SELECT count(*) FROM kept) WHERE id = $1`,
};

interface Piece {
  readonly piece: string;
}

/** Stores the staged blocks of uploads and the results of storing them. */
@Injectable()
export class UploadBlocksRepository {
  readonly #held = new HeldBlocks(HELD_BYTES_MAX);
  readonly #dead = new DeadBuffers();

  constructor(private readonly pool: PostgresPool) {}

  /** Stages a block. Returns false when the block exists already, or when `owner` has no such upload that is being staged. */
  async append(owner: string, { id, first_line, lines, body }: AppendUploadRequest): Promise<boolean> {
    const values = [id, owner, first_line, lines, body];
    const { value } = await this.pool.write((client) => client.query(sql.append, values));
    if (value.rowCount !== 1) return false;
    this.#held.hold(id, first_line, body);
    this.#dead.passed(body.length);
    return true;
  }

  /**
   * Yields the staged blocks in the order of the file and reads each on demand. It reads from the primary, because a replica
   * would first have to replay every block that was counted in the meantime.
   */
  async *staged(id: string): AsyncGenerator<StagedBlock> {
    for (let after = 0; ;) {
      const places = await this.#places(id, after);
      if (places.length === 0) return;
      for (const place of places) {
        after = place.first_line;
        const body = this.#held.take(id, after) ?? (await this.#body(id, after));
        // The block was deleted in the meantime: another worker stored it, or the upload was dropped.
        if (body.length === 0) continue;
        this.#dead.passed(body.length);
        yield { ...place, body };
      }
    }
  }

  async #places(id: string, after: number): Promise<Omit<StagedBlock, 'body'>[]> {
    const { value } = await this.pool.write((client) =>
      client.query<Omit<StagedBlock, 'body'>>(sql.places, [id, after]),
    );
    return value.rows;
  }

  async #body(id: string, firstLine: number): Promise<Buffer> {
    const { value } = await this.pool.write((client) => client.query<Piece>(sql.body, [id, firstLine]));
    // The rows are removed from the result, because each connection keeps its last result and with it a block in memory.
    return wholeOf(value.rows.splice(0));
  }

  /** Counts a stored block, keeps its rejected lines and deletes its text. Does nothing when `holder` has lost the lease. */
  async stored(id: string, holder: string, block: StagedBlock, report: IngestReport): Promise<void> {
    const { total, inserted, updated, unchanged, failed, ignored_columns, registered } = report;
    const counts = [total, inserted, updated, unchanged, failed, ignored_columns, registered];
    const values = [id, holder, JSON.stringify(report.items), block.first_line, ...counts];
    await this.pool.write(async (client) => {
      const remarks = await this.#remarksWith(client, id, report);
      await client.query(sql.stored, [...values, remarks]);
    });
    release(block.body);
  }

  /** Merges the remarks of a block into those of the file; returns null when the block has none. */
  async #remarksWith(client: WritingClient, id: string, report: IngestReport): Promise<IngestRemarks | null> {
    if (Object.keys(remarksOf(report)).length === 0) return null;
    const { rows } = await client.query<{ remarks: IngestRemarks }>(sql.remarks, [id]);
    return addRemarks(rows[0]?.remarks ?? {}, report);
  }

  /** Keeps the rejected lines of a block that was only checked. Repeating it keeps each line once. */
  async refuse(id: string, holder: string, items: readonly IngestItem[]): Promise<void> {
    await this.pool.write((client) => client.query(sql.refuse, [id, holder, JSON.stringify(items)]));
  }
}

/** Joins the pieces in a buffer that shares its memory with no other, so that `release` can free it. */
function wholeOf(pieces: readonly Piece[]): Buffer {
  const texts = pieces.map(({ piece }) => unescaped(piece));
  const whole = Buffer.allocUnsafeSlow(texts.reduce((bytes, text) => bytes + text.length, 0));
  let at = 0;
  for (const text of texts) at += whole.write(text, at, 'latin1');
  return whole;
}

/**
 * Undoes the escape format, with one character for each byte: PostgreSQL doubles backslashes and writes bytes that are not
 * ASCII in octal.
 */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\(?:\\|([0-7]{3}))/g, (_, octal?: string) =>
    octal === undefined ? '\\' : String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
