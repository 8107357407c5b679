import type { MigrationInterface, QueryRunner } from 'typeorm';

// `json`, not `jsonb`: a report is given again exactly as it was given first.
const table = `
CREATE TABLE market_data.idempotency_keys (
  owner text NOT NULL,
  key text NOT NULL,
  part bigint NOT NULL,
  request_hash bytea NOT NULL,
  report json NOT NULL,
  untold json,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, key, part)
);
CREATE INDEX idempotency_keys_created_at ON market_data.idempotency_keys (created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON market_data.idempotency_keys TO market_data;
`;

/** Writes that were done under a key: their reports, and their events that are not known to be published. */
export class Idempotency1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE market_data.idempotency_keys');
  }
}
