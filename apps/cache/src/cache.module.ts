import { Module, type DynamicModule } from '@nestjs/common';
import { poolStates, PostgresModule } from '@mystocks/connection-pool';
import { listCachePools } from '@mystocks/contracts';
import { poolsHandler } from '@mystocks/service';
import type { Tier } from '@mystocks/tiered-cache';
import { AccessesModule } from './accesses/accesses.module.js';
import { AnswersModule } from './answers/answers.module.js';
import type { CacheSettings } from './cache.settings.js';
import { TiersModule } from './tiers/tiers.module.js';
import { WarmUpModule } from './warm-up/warm-up.module.js';

/** No request waits for the database of the read counts: few connections, and patience. */
const POOL = { size: 2, overflow: 2, acquireTimeoutMs: 5_000, statementTimeoutMs: 5_000 };

@Module({
  imports: [AccessesModule, AnswersModule, WarmUpModule],
  controllers: [poolsHandler(listCachePools, poolStates)],
})
export class CacheModule {
  static forRoot(settings: CacheSettings, tier: Tier): DynamicModule {
    return { module: CacheModule, imports: [TiersModule.forRoot(tier), ...databaseOf(settings)] };
  }
}

/** The database of the read counts, where there is one. */
function databaseOf(settings: CacheSettings): DynamicModule[] {
  const url = settings.PG_PRIMARY_URL?.reveal();
  if (url === undefined) return [];
  const replicaUrls = settings.PG_REPLICA_URLS?.reveal();
  const fleetBudget = settings.PG_FLEET_BUDGET;
  return [PostgresModule.forRoot({ name: 'cache', url, replicaUrls, readFrom: 'primary', fleetBudget, ...POOL })];
}
