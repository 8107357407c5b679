import { Module, type DynamicModule } from '@nestjs/common';
import { poolStates, PostgresModule } from '@mystocks/connection-pool';
import { listMarketDataPools } from '@mystocks/contracts';
import { poolsHandler } from '@mystocks/service';
import { BarsModule } from './bars/bars.module.js';
import { CalendarModule } from './calendar/calendar.module.js';
import { FactorsModule } from './factors/factors.module.js';
import { IngestModule } from './ingest/ingest.module.js';
import { InstrumentsModule } from './instruments/instruments.module.js';
import type { MarketDataSettings } from './market-data.settings.js';
import { PositionsHandler } from './positions/positions.handler.js';
import { QuotesModule } from './quotes/quotes.module.js';
import { RemovalModule } from './removal/removal.module.js';
import { StoresModule } from './stores/stores.module.js';
import type { TdengineSettings } from './tdengine/tdengine.settings.js';
import { UploadsModule } from './uploads/uploads.module.js';

@Module({
  imports: [
    BarsModule,
    CalendarModule,
    FactorsModule,
    IngestModule,
    InstrumentsModule,
    QuotesModule,
    RemovalModule,
    UploadsModule,
  ],
  controllers: [poolsHandler(listMarketDataPools, poolStates), PositionsHandler],
})
export class MarketDataModule {
  static forRoot(settings: MarketDataSettings, tdengine: TdengineSettings | undefined): DynamicModule {
    const postgres = PostgresModule.forRoot({ name: 'market-data', ...settings.pool() });
    return { module: MarketDataModule, imports: [postgres, StoresModule.forRoot(tdengine)] };
  }
}
