import { loadSettings, MigrationSettings } from '@mystocks/config';
import { runMigrations } from '@mystocks/connection-pool';
import { migrations } from './migrations/index.js';

const { PG_MIGRATION_URL } = loadSettings(MigrationSettings);
const applied = await runMigrations({ url: PG_MIGRATION_URL.reveal(), schema: 'cache', migrations });
process.stdout.write(`cache: ${applied.length === 0 ? 'nothing to migrate' : applied.join(', ')}\n`);
