import { Injectable } from '@nestjs/common';
import { PostgresPool } from '@mystocks/connection-pool';
import type { IngestItem, OpenUploadRequest, StartUploadRequest } from '@mystocks/contracts';
import { uploadColumns, type StoredOptions, type Upload } from '../kinds/upload.js';

export interface NewUpload {
  readonly id: string;
  readonly owner: string;
  readonly requestId: string;
  readonly key: OpenUploadRequest['idempotency_key'];
  readonly options: StoredOptions;
}

/** What stands for a new upload after it was opened. */
export interface Standing {
  readonly upload: Upload;
  readonly isNew: boolean;
  /** Uploads of the owner that have not ended, this one included. */
  readonly unfinished: number;
}

/** After this silence of its sender, another upload may take over the idempotency key of an upload. */
const STALLED_AFTER = "interval '5 minutes'";
const isStalled = `u.status = 'staging' AND u.created_at < now() - ${STALLED_AFTER} AND NOT EXISTS (
  SELECT FROM market_data.upload_blocks b WHERE b.upload_id = u.id AND b.staged_at > now() - ${STALLED_AFTER})`;

const sql = {
  removeStalled: `DELETE FROM market_data.uploads u WHERE owner = $1 AND idempotency_key = $2 AND ${isStalled}`,
  insert: `INSERT INTO market_data.uploads (id, owner, request_id, idempotency_key, options, status, phase)
    VALUES ($1, $2, $3, $4, $5, 'staging', $6) ON CONFLICT DO NOTHING RETURNING ${uploadColumns}`,
  standing: `SELECT ${uploadColumns} FROM market_data.uploads WHERE owner = $1 AND (id = $2 OR idempotency_key = $3)`,
  unfinished: `SELECT count(*)::int AS n FROM market_data.uploads
    WHERE owner = $1 AND status IN ('staging', 'queued', 'running')`,
  lock: `SELECT ${uploadColumns} FROM market_data.uploads WHERE id = $1 AND owner = $2 FOR UPDATE`,
  staged: `SELECT count(*)::int AS blocks, coalesce(sum(lines), 0)::float8 AS lines,
    coalesce(sum(octet_length(body)), 0)::float8 AS bytes FROM market_data.upload_blocks WHERE upload_id = $1`,
  queue: `UPDATE market_data.uploads SET status = 'queued', queued_at = now(), header = $2, digest = decode($3, 'hex'),
    blocks = $4, lines = $5, bytes = $6, options = options || jsonb_strip_nulls(jsonb_build_object('encoding', $7::text))
    WHERE id = $1 RETURNING ${uploadColumns}`,
  find: `SELECT ${uploadColumns} FROM market_data.uploads WHERE id = $1`,
  drop: `DELETE FROM market_data.uploads WHERE id = $1 AND status = 'staging'`,
  // An upload that no worker holds ends at once; the others end before their next block.
  cancel: `UPDATE market_data.uploads SET cancelling = true,
      status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END,
      ended_at = CASE status WHEN 'queued' THEN now() END
    WHERE id = $1 AND status IN ('queued', 'running') RETURNING ${uploadColumns}`,
  report: `SELECT line::float8 AS line, id, status, code, message FROM market_data.upload_refusals
    WHERE upload_id = $1 AND line > $2 ORDER BY line LIMIT $3`,
};

/** Uploads as their senders and readers meet them; what works on them is in the queue. */
@Injectable()
export class UploadsRepository {
  constructor(private readonly pool: PostgresPool) {}

  /** Opens an upload, or finds the one that stands for its id or its idempotency key. */
  async open({ id, owner, requestId, key, options }: NewUpload): Promise<Standing | undefined> {
    const { value } = await this.pool.write(async (client) => {
      if (key !== undefined) await client.query(sql.removeStalled, [owner, key]);
      const phase = options.on_error === 'abort' ? 'checking' : 'storing';
      const fresh = await client.query<Upload>(sql.insert, [id, owner, requestId, key ?? null, options, phase]);
      const isNew = fresh.rows.length > 0;
      const { rows } = isNew ? fresh : await client.query<Upload>(sql.standing, [owner, id, key ?? null]);
      const counted = await client.query<{ n: number }>(sql.unfinished, [owner]);
      const [upload] = rows;
      return upload === undefined ? undefined : { upload, isNew, unfinished: counted.rows[0]?.n ?? 0 };
    });
    return value;
  }

  /**
   * Puts a staged upload into the queue when everything that was sent is here and `check` does not refuse it.
   * @returns the upload as it was found and as it stands then: still `staging` when blocks are missing
   */
  async start(
    asked: StartUploadRequest,
    owner: string,
    check: (upload: Upload) => void,
  ): Promise<{ readonly before: Upload; readonly now: Upload } | undefined> {
    const { value } = await this.pool.write(async (client) => {
      const [before] = (await client.query<Upload>(sql.lock, [asked.id, owner])).rows;
      if (before === undefined) return undefined;
      const unchanged = { before, now: before };
      if (before.status !== 'staging') return unchanged;
      check(before);
      const [staged] = (await client.query<Staged>(sql.staged, [asked.id])).rows;
      const { blocks, lines, bytes } = asked;
      if (staged?.blocks !== blocks || staged.lines !== lines || staged.bytes !== bytes) return unchanged;
      const given = [
        asked.id,
        asked.header ?? null,
        asked.digest ?? null,
        blocks,
        lines,
        bytes,
        asked.encoding ?? null,
      ];
      const [now] = (await client.query<Upload>(sql.queue, given)).rows;
      return now === undefined ? undefined : { before, now };
    });
    return value;
  }

  async find(id: string): Promise<Upload | undefined> {
    return (await this.pool.query<Upload>({ text: sql.find, values: [id] })).rows[0];
  }

  /** Forgets an upload that was never started. */
  async drop(id: string): Promise<void> {
    await this.pool.write((client) => client.query(sql.drop, [id]));
  }

  /** Asks for the end of an upload; undefined when it has ended already. */
  async cancel(id: string): Promise<Upload | undefined> {
    return (await this.pool.write((client) => client.query<Upload>(sql.cancel, [id]))).value.rows[0];
  }

  /** Refused lines behind `afterLine`, in the order of the file. */
  async report(id: string, afterLine: number, limit: number): Promise<IngestItem[]> {
    return (await this.pool.query<IngestItem>({ text: sql.report, values: [id, afterLine, limit] })).rows;
  }
}

interface Staged {
  readonly blocks: number;
  readonly lines: number;
  readonly bytes: number;
}
