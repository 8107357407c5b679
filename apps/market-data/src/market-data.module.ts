import { Module, type DynamicModule } from '@nestjs/common';
import { PostgresModule } from '@mystocks/connection-pool';
import { barsParts } from './bars/bars.parts.js';
import { calendarParts } from './calendar/calendar.parts.js';
import { ingestParts } from './ingest/ingest.parts.js';
import { instrumentsParts } from './instruments/instruments.parts.js';
import type { MarketDataSettings } from './market-data.settings.js';
import { quotesParts } from './quotes/quotes.parts.js';

const parts = [instrumentsParts, ingestParts, barsParts, quotesParts, calendarParts];

@Module({})
export class MarketDataModule {
  static forRoot(settings: MarketDataSettings): DynamicModule {
    return {
      module: MarketDataModule,
      imports: [
        PostgresModule.forRoot({
          name: 'market-data',
          url: settings.PG_PRIMARY_URL.reveal(),
          size: settings.PG_POOL_SIZE,
          overflow: settings.PG_POOL_OVERFLOW,
          statementTimeoutMs: settings.PG_STATEMENT_TIMEOUT_MS,
        }),
      ],
      controllers: parts.flatMap(({ controllers }) => [...controllers]),
      providers: parts.flatMap(({ providers }) => [...providers]),
    };
  }
}
