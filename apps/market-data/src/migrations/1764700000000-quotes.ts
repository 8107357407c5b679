import type { MigrationInterface, QueryRunner } from 'typeorm';

// PostgreSQL raises the precision of a timestamp in its catalogue alone: no row is written again, however many there are.
const typed = (precision: number): string[] =>
  ['quotes', 'quotes_latest'].map(
    (table) => `ALTER TABLE market_data.${table} ALTER COLUMN t TYPE timestamp(${precision})`,
  );

/** Quotes keep the microseconds of their stamps. */
export class Quotes1764700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of typed(6)) await runner.query(statement);
  }

  /** Rewrites both tables: microseconds are cut off by rounding. */
  async down(runner: QueryRunner): Promise<void> {
    for (const statement of typed(3)) await runner.query(statement);
  }
}
