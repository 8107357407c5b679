import type { MigrationInterface, QueryRunner } from 'typeorm';

const up = `
ALTER TABLE market_data.instruments
  DROP CONSTRAINT instruments_kind_check,
  ADD CONSTRAINT instruments_kind_check CHECK (kind IN ('stock', 'index', 'fund', 'bond')),
  ADD COLUMN in_use boolean NOT NULL DEFAULT false;
`;

const down = `
UPDATE market_data.instruments SET kind = 'stock' WHERE kind IN ('fund', 'bond');
ALTER TABLE market_data.instruments
  DROP CONSTRAINT instruments_kind_check,
  ADD CONSTRAINT instruments_kind_check CHECK (kind IN ('stock', 'index')),
  DROP COLUMN in_use;
`;

/**
 * Funds and bonds are kinds of their own; instruments that are stored keep the kind they have until a list with a kind
 * column changes it. `in_use` is set with the first bar or quote of an instrument, in the same transaction, so that an
 * instrument can only be removed while nothing is stored of it.
 */
export class Instruments1764600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(down);
  }
}
