import type { MigrationInterface, QueryRunner } from 'typeorm';

// A block is written once, read once or twice and deleted: compressing it again (pglz, in the backend) costs more than
// the pages it saves. Rows that bear no name are found by their upload only.
const tables = `
CREATE TABLE market_data.uploads (
  id uuid PRIMARY KEY,
  owner text NOT NULL,
  request_id text NOT NULL,
  idempotency_key text,
  options jsonb NOT NULL,
  status text NOT NULL CHECK (status IN ('staging', 'queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
  header text,
  digest bytea,
  blocks int NOT NULL DEFAULT 0,
  lines bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  phase text NOT NULL DEFAULT 'storing' CHECK (phase IN ('checking', 'storing')),
  blocks_done int NOT NULL DEFAULT 0,
  lines_done bigint NOT NULL DEFAULT 0,
  bytes_done bigint NOT NULL DEFAULT 0,
  total bigint NOT NULL DEFAULT 0,
  inserted bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  report_lines int NOT NULL DEFAULT 0,
  ignored_columns text[] NOT NULL DEFAULT '{}',
  registered text[] NOT NULL DEFAULT '{}',
  lsn pg_lsn,
  problem jsonb,
  cancelling boolean NOT NULL DEFAULT false,
  attempts int NOT NULL DEFAULT 0,
  lease_holder uuid,
  lease_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  queued_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  UNIQUE (owner, idempotency_key)
);
CREATE INDEX uploads_unfinished ON market_data.uploads (queued_at) WHERE status IN ('queued', 'running');
CREATE TABLE market_data.upload_blocks (
  upload_id uuid NOT NULL REFERENCES market_data.uploads ON DELETE CASCADE,
  first_line bigint NOT NULL,
  lines int NOT NULL,
  body bytea NOT NULL,
  staged_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (upload_id, first_line)
);
ALTER TABLE market_data.upload_blocks ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE market_data.upload_blocks ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE market_data.upload_refusals (
  upload_id uuid NOT NULL REFERENCES market_data.uploads ON DELETE CASCADE,
  line bigint NOT NULL,
  id text NOT NULL,
  status smallint NOT NULL,
  code int NOT NULL,
  message text NOT NULL,
  PRIMARY KEY (upload_id, line)
);
`;

const grants = `
GRANT SELECT, INSERT, UPDATE, DELETE ON market_data.uploads, market_data.upload_blocks, market_data.upload_refusals
  TO market_data;
`;

/** Uploaded files: the operations, their staged blocks, and the lines that were refused. */
export class Uploads1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
    await runner.query(grants);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE market_data.upload_refusals, market_data.upload_blocks, market_data.uploads');
  }
}
