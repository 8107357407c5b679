import { PostgresPool, runMigrations } from '@mystocks/connection-pool';
import { startPostgres } from '@mystocks/testing';
import { migrations } from '../src/migrations/index.js';

/** A real PostgreSQL with the schema of the cache service, and a pool that comes as its role. */
export interface CacheDatabase {
  readonly pool: PostgresPool;
  stop(): Promise<void>;
}

export async function openCacheDatabase(): Promise<CacheDatabase> {
  const postgres = await startPostgres();
  await runMigrations({ url: postgres.ownerUrl, schema: 'cache', migrations });
  const url = postgres.urlOf('cache');
  const pool = new PostgresPool({ name: 'cache', url, size: 4, overflow: 4, statementTimeoutMs: 5_000 });
  return {
    pool,
    stop: async () => {
      await pool.close();
      await postgres.stop();
    },
  };
}
