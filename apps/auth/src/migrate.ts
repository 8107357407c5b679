import 'reflect-metadata';
import { loadSettings } from '@mystocks/config';
import { runMigrations } from '@mystocks/connection-pool';
import { MigrationSettings } from './auth.settings.js';
import { migrations } from './migrations/index.js';

const { PG_MIGRATION_URL } = loadSettings(MigrationSettings);
const applied = await runMigrations({ url: PG_MIGRATION_URL.reveal(), schema: 'auth', migrations });
process.stdout.write(`auth: ${applied.length === 0 ? 'nothing to migrate' : applied.join(', ')}\n`);
