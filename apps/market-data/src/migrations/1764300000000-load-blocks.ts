import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = `
CREATE TABLE market_data.load_blocks (
  load text NOT NULL,
  first_line bigint NOT NULL,
  seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  stamps int8range NOT NULL,
  ranges int8multirange NOT NULL,
  key_lines bytea NOT NULL,
  refused_frames smallint[] NOT NULL DEFAULT '{}',
  stored boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (load, first_line)
);
ALTER TABLE market_data.load_blocks ALTER COLUMN key_lines SET STORAGE EXTERNAL;
CREATE INDEX load_blocks_created_at ON market_data.load_blocks (created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON market_data.load_blocks TO market_data;
ALTER TABLE market_data.uploads ADD COLUMN remarks jsonb NOT NULL DEFAULT '{}';
`;

/** The blocks of files that are stored block by block, and what the report of an upload says beside its counts. */
export class LoadBlocks1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE market_data.uploads DROP COLUMN remarks');
    await runner.query('DROP TABLE market_data.load_blocks');
  }
}
