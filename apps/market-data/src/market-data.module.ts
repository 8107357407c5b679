import { Module, type DynamicModule } from '@nestjs/common';
import { PostgresModule } from '@mystocks/connection-pool';
import { ingestParts } from './ingest/ingest.parts.js';
import { instrumentsParts } from './instruments/instruments.parts.js';
import type { MarketDataSettings } from './market-data.settings.js';

const parts = [instrumentsParts, ingestParts];

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
