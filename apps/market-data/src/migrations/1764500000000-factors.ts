import type { MigrationInterface, QueryRunner } from 'typeorm';

const table = `
CREATE TABLE market_data.factors (
  instrument_id int NOT NULL,
  ex_date date NOT NULL,
  factor numeric NOT NULL,
  PRIMARY KEY (instrument_id, ex_date)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON market_data.factors TO market_data;
`;

/** Adjustment factors that are given by ex-date; those of every day are a column of the daily bars. */
export class Factors1764500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE market_data.factors');
  }
}
