import type { Secret } from '@mystocks/secrets';
import { IsCount, IsFlag } from '@mystocks/validation';
import { IsSecretUrl, IsSecretUrls } from './server-url.js';
import { ServiceSettings } from './service-settings.js';

/** Settings of a service that stores its data in PostgreSQL. */
export class PostgresSettings extends ServiceSettings {
  /**
   * Primary server, with the role of the service. The cache service stores the read counts for warm-up there and can do
   * without it: then there is no automatic warm-up.
   */
  @IsSecretUrl('postgres') readonly PG_PRIMARY_URL!: Secret;
  /** The other servers, any of which may become the primary. market-data also reads from them. */
  @IsSecretUrls('postgres', { optional: true }) readonly PG_REPLICA_URLS?: Secret;
  /** Connections that the pool keeps open. */
  @IsCount(1, 200) readonly PG_POOL_SIZE: number = 20;
  /** Connections beyond PG_POOL_SIZE that the pool opens under load. */
  @IsCount(0, 400) readonly PG_POOL_OVERFLOW: number = 40;
  /** Longest wait of a borrower for a connection. The deadline of its request may come earlier. */
  @IsCount(1, 600_000) readonly PG_POOL_TIMEOUT_MS: number = 30_000;
  /** Longest life of a connection. */
  @IsCount(1, 86_400) readonly PG_POOL_RECYCLE_S: number = 3_600;
  /** A connection checked out for longer is logged as a leak, with its borrower. */
  @IsCount(1, 3_600_000) readonly PG_POOL_LEAK_AFTER_MS: number = 30_000;
  /** Whether a leaked connection is also taken back, which undoes the work on it. */
  @IsFlag() readonly PG_POOL_RECLAIM_LEAKS: boolean = false;
  /**
   * Connections to one server of all services and instances together. Default: what the server allows its clients,
   * less 10.
   */
  @IsCount(2, 100_000, { optional: true }) readonly PG_FLEET_BUDGET?: number;
  /** Longest run of one statement. */
  @IsCount(1, 60_000) readonly PG_STATEMENT_TIMEOUT_MS: number = 2_000;

  /** The options of `PostgresModule.forRoot` that these settings decide. */
  pool() {
    return {
      url: this.PG_PRIMARY_URL.reveal(),
      replicaUrls: this.PG_REPLICA_URLS?.reveal(),
      size: this.PG_POOL_SIZE,
      overflow: this.PG_POOL_OVERFLOW,
      acquireTimeoutMs: this.PG_POOL_TIMEOUT_MS,
      recycleMs: this.PG_POOL_RECYCLE_S * 1_000,
      leakAfterMs: this.PG_POOL_LEAK_AFTER_MS,
      reclaimLeaks: this.PG_POOL_RECLAIM_LEAKS,
      fleetBudget: this.PG_FLEET_BUDGET,
      statementTimeoutMs: this.PG_STATEMENT_TIMEOUT_MS,
    };
  }
}

/** Settings of `migrate.js`. */
export class MigrationSettings {
  /** Primary server, with a role that owns the schema. Only `migrate.js` reads it. */
  @IsSecretUrl('postgres') readonly PG_MIGRATION_URL!: Secret;
}
