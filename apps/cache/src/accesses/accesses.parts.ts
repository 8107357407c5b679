import { PostgresModule, PostgresPool } from '@mystocks/connection-pool';
import type { DynamicModule } from '@nestjs/common';
import type { CacheSettings } from '../cache.settings.js';
import { AccessesHandler } from './accesses.handler.js';
import { AccessesRepository } from './accesses.repository.js';
import { AccessesService } from './accesses.service.js';

/** Nobody waits for this database: few connections, and patience. */
const POOL = { size: 2, overflow: 2, acquireTimeoutMs: 5_000, statementTimeoutMs: 5_000 };

/** A repository, or undefined where there is no database. */
export const repositoryOf = <T>(shape: new (pool: PostgresPool) => T) => ({
  provide: shape,
  useFactory: (pool?: PostgresPool): T | undefined => (pool === undefined ? undefined : new shape(pool)),
  inject: [{ token: PostgresPool, optional: true }],
});

/** The database of the access log, where there is one. */
export function databaseOf(settings: CacheSettings): DynamicModule[] {
  const url = settings.PG_PRIMARY_URL?.reveal();
  if (url === undefined) return [];
  const replicaUrls = settings.PG_REPLICA_URLS?.reveal();
  const fleetBudget = settings.PG_FLEET_BUDGET;
  return [PostgresModule.forRoot({ name: 'cache', url, replicaUrls, readFrom: 'primary', fleetBudget, ...POOL })];
}

export const accessesParts = {
  controllers: [AccessesHandler],
  providers: [
    repositoryOf(AccessesRepository),
    {
      provide: AccessesService,
      useFactory: (repository?: AccessesRepository) => new AccessesService(repository),
      inject: [AccessesRepository],
    },
  ],
};
