import type { MigrationInterface, QueryRunner } from 'typeorm';

// The access log is what warm-ups are chosen by and, later, what forecasts learn from: reads by symbol and hour (UTC).
// A run of a session has its slot once, so that of all instances one does it; other runs have none.
// An entry is an answer that a run loaded and that has not been read yet: the first read takes it away and adds to the run's
// `used`, once, whichever instance serves it; loading it again makes it the later run's.
const tables = `
CREATE TABLE cache.symbol_accesses (
  hour timestamptz NOT NULL,
  symbol text NOT NULL,
  reads bigint NOT NULL,
  PRIMARY KEY (hour, symbol)
);
CREATE TABLE cache.warm_up_runs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  trigger text NOT NULL,
  slot text UNIQUE,
  instance text NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  symbols int NOT NULL,
  loaded int NOT NULL DEFAULT 0,
  unchanged int NOT NULL DEFAULT 0,
  failed int NOT NULL DEFAULT 0,
  used int NOT NULL DEFAULT 0,
  stopped_because text
);
CREATE TABLE cache.warm_up_entries (
  key text PRIMARY KEY,
  run_id bigint NOT NULL REFERENCES cache.warm_up_runs ON DELETE CASCADE,
  loaded_at timestamptz NOT NULL
);
CREATE INDEX warm_up_entries_run_id ON cache.warm_up_entries (run_id);
`;

const grants = `
GRANT USAGE ON SCHEMA cache TO cache;
GRANT SELECT, INSERT, UPDATE, DELETE ON cache.symbol_accesses, cache.warm_up_runs, cache.warm_up_entries TO cache;
`;

/** Who read what when, and what was loaded ahead of it. */
export class AccessLog1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
    await runner.query(grants);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE cache.warm_up_entries, cache.warm_up_runs, cache.symbol_accesses');
  }
}
