import type { MigrationInterface, QueryRunner } from 'typeorm';

// Account and address are keyed digests. `user_id` is set once the account's owner has logged in from the address.
const table = `
CREATE TABLE auth.login_addresses (
  account bytea NOT NULL,
  address bytea NOT NULL,
  user_id uuid REFERENCES auth.users ON DELETE CASCADE,
  failures int NOT NULL,
  locked_until timestamptz NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account, address)
);
CREATE INDEX login_addresses_by_age ON auth.login_addresses (updated_at);
CREATE INDEX login_addresses_of_user ON auth.login_addresses (user_id);
`;

/** Failed logins by account and address: those of one address do not lock the account for other addresses. */
export class LoginAddresses1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(table);
    await runner.query('GRANT SELECT, INSERT, UPDATE, DELETE ON auth.login_addresses TO auth');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE auth.login_addresses');
  }
}
