import { loadSettings } from '@mystocks/config';
import { PostgresPool } from '@mystocks/connection-pool';
import { runService } from '@mystocks/service';
import { MarketDataModule } from './market-data.module.js';
import { MarketDataSettings } from './market-data.settings.js';

await runService({
  name: 'market-data',
  settings: loadSettings(MarketDataSettings),
  module: (settings) => MarketDataModule.forRoot(settings),
  checks: (app) => [app.get(PostgresPool).check()],
});
