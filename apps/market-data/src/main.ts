import { loadSettings } from '@mystocks/config';
import { PostgresPool } from '@mystocks/connection-pool';
import { runService } from '@mystocks/service';
import { TradingDaysService } from './calendar/trading-days.service.js';
import { MarketDataModule } from './market-data.module.js';
import { MarketDataSettings } from './market-data.settings.js';
import { TdengineSettings } from './tdengine/tdengine.settings.js';
import { TdengineStore } from './tdengine/tdengine.store.js';

const settings = loadSettings(MarketDataSettings);
const tdengine = settings.TIMESERIES_STORE === 'tdengine' ? loadSettings(TdengineSettings) : undefined;

await runService({
  name: 'market-data',
  settings,
  module: () => MarketDataModule.forRoot(settings, tdengine),
  checks: (app) => [
    app.get(PostgresPool).check(),
    app.get(TradingDaysService).check(),
    ...(tdengine === undefined ? [] : [app.get(TdengineStore).check()]),
  ],
});
