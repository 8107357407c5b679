import { TdengineModule, TdenginePool } from '@mystocks/connection-pool';
import type { DynamicModule, Provider } from '@nestjs/common';
import { BarsRepository } from '../bars/stored/bars.repository.js';
import { PostgresBarsRepository } from '../bars/postgres/postgres-bars.repository.js';
import { TdengineBarsReader } from '../bars/tdengine/tdengine-bars.reader.js';
import { TdengineBarsRepository } from '../bars/tdengine/tdengine-bars.repository.js';
import { TdengineFactorsReader } from '../bars/tdengine/tdengine-factors.reader.js';
import { BarsIngestRepository } from '../ingest/rows/bars-ingest.repository.js';
import { PostgresBarsIngestRepository } from '../ingest/postgres/postgres-bars-ingest.repository.js';
import { TdengineBarsIngestRepository } from '../ingest/tdengine/tdengine-bars-ingest.repository.js';
import { PostgresQuotesRepository } from '../quotes/postgres/postgres-quotes.repository.js';
import { QuotesRepository } from '../quotes/stored/quotes.repository.js';
import { TdengineQuotesRepository } from '../quotes/tdengine/tdengine-quotes.repository.js';
import type { TdengineSettings } from '../tdengine/tdengine.settings.js';
import { TdengineStore } from '../tdengine/tdengine.store.js';

/** Database of TDengine. */
export const DATABASE = 'mystocks';

interface Parts {
  readonly imports: readonly DynamicModule[];
  readonly providers: readonly Provider[];
}

/** Where bars and quotes live: in TDengine with its settings, in PostgreSQL without. */
export function timeseriesParts(tdengine: TdengineSettings | undefined): Parts {
  return tdengine === undefined ? postgresParts : tdengineParts(tdengine);
}

const postgresParts: Parts = {
  imports: [],
  providers: [
    { provide: BarsRepository, useClass: PostgresBarsRepository },
    { provide: BarsIngestRepository, useClass: PostgresBarsIngestRepository },
    { provide: QuotesRepository, useClass: PostgresQuotesRepository },
  ],
};

function tdengineParts(settings: TdengineSettings): Parts {
  const pool = TdengineModule.forRoot({
    name: 'market-data-tdengine',
    url: settings.TDENGINE_URL.reveal(),
    database: DATABASE,
    size: settings.TDENGINE_POOL_SIZE,
    overflow: settings.TDENGINE_POOL_OVERFLOW,
    acquireTimeoutMs: settings.TDENGINE_POOL_TIMEOUT_MS,
    requestTimeoutMs: settings.TDENGINE_REQUEST_TIMEOUT_MS,
  });
  return {
    imports: [pool],
    providers: [
      {
        provide: TdengineStore,
        inject: [TdenginePool],
        useFactory: (opened: TdenginePool) => new TdengineStore(opened, DATABASE),
      },
      TdengineBarsReader,
      TdengineFactorsReader,
      { provide: BarsRepository, useClass: TdengineBarsRepository },
      { provide: BarsIngestRepository, useClass: TdengineBarsIngestRepository },
      { provide: QuotesRepository, useClass: TdengineQuotesRepository },
    ],
  };
}
