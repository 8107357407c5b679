import { IsSecretUrl, loadSettings, type Secret } from '@mystocks/config';
import { runMigrations } from '@mystocks/connection-pool';
import { migrations } from './migrations/index.js';

class MigrationSettings {
  /** A role that owns the schema `cache`. */
  @IsSecretUrl('postgres') readonly PG_MIGRATION_URL!: Secret;
}

const { PG_MIGRATION_URL } = loadSettings(MigrationSettings);
const applied = await runMigrations({ url: PG_MIGRATION_URL.reveal(), schema: 'cache', migrations });
process.stdout.write(`cache: ${applied.length === 0 ? 'nothing to migrate' : applied.join(', ')}\n`);
