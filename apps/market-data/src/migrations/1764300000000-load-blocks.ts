import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the report of an upload says beside its counts. */
export class LoadBlocks1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE market_data.uploads ADD COLUMN remarks jsonb NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE market_data.uploads DROP COLUMN remarks');
  }
}
