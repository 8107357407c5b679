import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One row for every day of the calendar: its sessions as a digit, 0 none, 1 only the morning, 2 only the afternoon, 3 both. */
const table = `
CREATE TABLE market_data.trading_days (
  day date PRIMARY KEY,
  sessions smallint NOT NULL CHECK (sessions BETWEEN 0 AND 3)
);
GRANT SELECT, INSERT, UPDATE ON market_data.trading_days TO market_data;
`;

/** The trading calendar. The service fills it with the days that it brings along, at its start. */
export class TradingDays1764400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE market_data.trading_days');
  }
}
