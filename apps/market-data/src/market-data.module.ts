import { Module, type DynamicModule } from '@nestjs/common';
import { PostgresModule } from '@mystocks/connection-pool';
import { barsParts } from './bars/bars.parts.js';
import { calendarParts } from './calendar/calendar.parts.js';
import { factorsParts } from './factors/factors.parts.js';
import { ingestParts } from './ingest/ingest.parts.js';
import { instrumentsParts } from './instruments/instruments.parts.js';
import type { MarketDataSettings } from './market-data.settings.js';
import { poolsParts } from './pools/pools.parts.js';
import { positionsParts } from './positions/positions.parts.js';
import { quotesParts } from './quotes/quotes.parts.js';
import type { TdengineSettings } from './tdengine/tdengine.settings.js';
import { timeseriesParts } from './stores/timeseries.parts.js';
import { uploadsParts } from './uploads/uploads.parts.js';

const parts = [
  instrumentsParts,
  ingestParts,
  factorsParts,
  barsParts,
  quotesParts,
  calendarParts,
  uploadsParts,
  poolsParts,
  positionsParts,
];

@Module({})
export class MarketDataModule {
  static forRoot(settings: MarketDataSettings, tdengine: TdengineSettings | undefined): DynamicModule {
    const timeseries = timeseriesParts(tdengine);
    return {
      module: MarketDataModule,
      imports: [
        PostgresModule.forRoot({
          name: 'market-data',
          ...settings.pool(),
        }),
        ...timeseries.imports,
      ],
      controllers: parts.flatMap(({ controllers }) => [...controllers]),
      providers: [...parts.flatMap(({ providers }) => [...providers]), ...timeseries.providers],
    };
  }
}
