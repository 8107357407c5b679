import { IsSecret, loadSettings, type Secret } from '@mystocks/config';
import { runMigrations } from '@mystocks/connection-pool';
import { migrations } from './migrations/index.js';

class MigrationSettings {
  /** As the owner of the schema, `mystocks_owner`. */
  @IsSecret() readonly PG_MIGRATION_URL!: Secret;
}

const { PG_MIGRATION_URL } = loadSettings(MigrationSettings);
const applied = await runMigrations({ url: PG_MIGRATION_URL.reveal(), schema: 'market_data', migrations });
process.stdout.write(`market_data: ${applied.length === 0 ? 'nothing to migrate' : applied.join(', ')}\n`);
