import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = `
CREATE TABLE market_data.contradicted_bars (
  bar bigint PRIMARY KEY,
  since timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX contradicted_bars_seen_at ON market_data.contradicted_bars (seen_at);
CREATE TABLE market_data.withheld_lines (
  load text NOT NULL,
  line bigint NOT NULL,
  bar bigint NOT NULL,
  cells text NOT NULL,
  stored boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (load, line)
);
CREATE INDEX withheld_lines_bar ON market_data.withheld_lines (bar);
CREATE INDEX withheld_lines_created_at ON market_data.withheld_lines (created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON market_data.contradicted_bars, market_data.withheld_lines TO market_data;
`;

/** Bars that files gave different lines for, and the lines of such bars that wait for the end of their file. */
export class WithheldLines1764800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE market_data.withheld_lines, market_data.contradicted_bars');
  }
}
