import { loadSettings, MigrationSettings } from '@mystocks/config';
import { createWhenReady, runMigrations, TdenginePool } from '@mystocks/connection-pool';
import { IsOneOf } from '@mystocks/validation';
import { migrations } from './migrations/index.js';
import { DATABASE, TdengineSettings } from './tdengine/tdengine.settings.js';
import { TdengineStore } from './tdengine/tdengine.store.js';

class MarketDataMigrationSettings extends MigrationSettings {
  /** Where bars and quotes are stored. */
  @IsOneOf(['postgres', 'tdengine']) readonly TIMESERIES_STORE: string = 'postgres';
}

const { PG_MIGRATION_URL, TIMESERIES_STORE } = loadSettings(MarketDataMigrationSettings);
const tdengine = TIMESERIES_STORE === 'tdengine' ? loadSettings(TdengineSettings) : undefined;

const applied = await runMigrations({ url: PG_MIGRATION_URL.reveal(), schema: 'market_data', migrations });
process.stdout.write(`market_data: ${applied.length === 0 ? 'nothing to migrate' : applied.join(', ')}\n`);

if (tdengine !== undefined) {
  const limits = { size: 1, overflow: 0, acquireTimeoutMs: 10_000, requestTimeoutMs: 60_000 };
  const url = tdengine.TDENGINE_URL.reveal();
  const pool = new TdenginePool({ name: 'migrate', url, database: DATABASE, ...limits });
  const store = new TdengineStore(pool, DATABASE);
  await createWhenReady(
    () => store.prepare(),
    (text) =>
      process.stdout.write(`${text}
`),
  );
  await pool.close();
  process.stdout.write(`tdengine: ${DATABASE} has its tables\n`);
}
