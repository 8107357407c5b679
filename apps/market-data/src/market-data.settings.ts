import { IsSecretUrl, IsSecretUrls, ServiceSettings, type Secret } from '@mystocks/config';
import { IsCount, IsFlag, IsOneOf } from '@mystocks/validation';

export class MarketDataSettings extends ServiceSettings {
  /** `postgres://market_data:…@host:port/mystocks` */
  @IsSecretUrl('postgres') readonly PG_PRIMARY_URL!: Secret;
  /** The same for the servers beside it, separated by commas; after a failover one of them is the primary. */
  @IsSecretUrls('postgres', { optional: true }) readonly PG_REPLICA_URLS?: Secret;
  /** Connections that are kept. */
  @IsCount(1, 200) readonly PG_POOL_SIZE: number = 20;
  /** Connections beyond them under load. */
  @IsCount(0, 400) readonly PG_POOL_OVERFLOW: number = 40;
  /** How long a borrower waits for a connection at most; its request's deadline may come earlier. */
  @IsCount(1, 600_000) readonly PG_POOL_TIMEOUT_MS: number = 30_000;
  /** Longest life of a connection. */
  @IsCount(1, 86_400) readonly PG_POOL_RECYCLE_S: number = 3_600;
  /** A connection held longer is told in the log, with its borrower. */
  @IsCount(1, 3_600_000) readonly PG_POOL_LEAK_AFTER_MS: number = 30_000;
  /** Also takes such a connection back: its work is undone. */
  @IsFlag() readonly PG_POOL_RECLAIM_LEAKS: boolean = false;
  /** Connections to one server of all services and instances together; by default what it allows, less 10. */
  @IsCount(2, 100_000, { optional: true }) readonly PG_FLEET_BUDGET?: number;
  @IsCount(1, 60_000) readonly PG_STATEMENT_TIMEOUT_MS: number = 2_000;
  /** Where bars and quotes live. `tdengine` also needs TdengineSettings; instruments always live in PostgreSQL. */
  @IsOneOf(['postgres', 'tdengine']) readonly TIMESERIES_STORE: string = 'postgres';
}
