import type { MigrationInterface, QueryRunner } from 'typeorm';

// `login_attempts` counts names, not users: an unknown name is locked like a known one, so a lock reveals nothing.
// Its key is a keyed digest, because people type passwords into the wrong field.
const tables = `
CREATE TABLE auth.users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  username text NOT NULL,
  username_key text NOT NULL UNIQUE,
  password_hash text NOT NULL,
  roles text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE auth.login_attempts (
  account bytea PRIMARY KEY,
  user_id uuid REFERENCES auth.users ON DELETE CASCADE,
  failures int NOT NULL,
  locked_until timestamptz NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX login_attempts_of_nobody ON auth.login_attempts (updated_at) WHERE user_id IS NULL;
`;

const grants = `
GRANT USAGE ON SCHEMA auth TO auth;
GRANT SELECT, INSERT, UPDATE ON auth.users TO auth;
GRANT SELECT, INSERT, UPDATE, DELETE ON auth.login_attempts TO auth;
`;

/** Users and their login attempts. No account is made here: the first administrator needs the bootstrap token. */
export class Users1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
    await runner.query(grants);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE auth.login_attempts, auth.users');
  }
}
