import { Module, type DynamicModule } from '@nestjs/common';
import { TdengineModule, TdenginePool } from '@mystocks/connection-pool';
import { PostgresBarsRepository } from '../bars/postgres/postgres-bars.repository.js';
import { BarsRepository } from '../bars/stored/bars.repository.js';
import { TdengineBarsReader } from '../bars/tdengine/tdengine-bars.reader.js';
import { TdengineBarsRepository } from '../bars/tdengine/tdengine-bars.repository.js';
import { TdengineFactorsReader } from '../bars/tdengine/tdengine-factors.reader.js';
import { FactorsModule } from '../factors/factors.module.js';
import { PostgresBarsIngestRepository } from '../ingest/postgres/postgres-bars-ingest.repository.js';
import { BarsIngestRepository } from '../ingest/rows/bars-ingest.repository.js';
import { TdengineBarsIngestRepository } from '../ingest/tdengine/tdengine-bars-ingest.repository.js';
import { InstrumentsModule } from '../instruments/instruments.module.js';
import { PostgresQuotesRepository } from '../quotes/postgres/postgres-quotes.repository.js';
import { QuotesRepository } from '../quotes/stored/quotes.repository.js';
import { TdengineQuotesRepository } from '../quotes/tdengine/tdengine-quotes.repository.js';
import { DATABASE, type TdengineSettings } from '../tdengine/tdengine.settings.js';
import { TdengineStore } from '../tdengine/tdengine.store.js';

const exported = [BarsRepository, BarsIngestRepository, QuotesRepository];

/** Provides to all modules where bars and quotes are stored: in TDengine when it has settings, otherwise in PostgreSQL. */
@Module({})
export class StoresModule {
  static forRoot(tdengine: TdengineSettings | undefined): DynamicModule {
    return { module: StoresModule, global: true, ...(tdengine === undefined ? postgres : tdengineOf(tdengine)) };
  }
}

const postgres = {
  providers: [
    { provide: BarsRepository, useClass: PostgresBarsRepository },
    { provide: BarsIngestRepository, useClass: PostgresBarsIngestRepository },
    { provide: QuotesRepository, useClass: PostgresQuotesRepository },
  ],
  exports: exported,
};

const tdengineOf = (settings: TdengineSettings): Omit<DynamicModule, 'module'> => ({
  imports: [
    TdengineModule.forRoot({
      name: 'market-data-tdengine',
      url: settings.TDENGINE_URL.reveal(),
      database: DATABASE,
      size: settings.TDENGINE_POOL_SIZE,
      overflow: settings.TDENGINE_POOL_OVERFLOW,
      acquireTimeoutMs: settings.TDENGINE_POOL_TIMEOUT_MS,
      requestTimeoutMs: settings.TDENGINE_REQUEST_TIMEOUT_MS,
    }),
    InstrumentsModule,
    FactorsModule,
  ],
  providers: [
    {
      provide: TdengineStore,
      inject: [TdenginePool],
      useFactory: (pool: TdenginePool) => new TdengineStore(pool, DATABASE),
    },
    TdengineBarsReader,
    TdengineFactorsReader,
    { provide: BarsRepository, useClass: TdengineBarsRepository },
    { provide: BarsIngestRepository, useClass: TdengineBarsIngestRepository },
    { provide: QuotesRepository, useClass: TdengineQuotesRepository },
  ],
  exports: exported,
});
