import { IsSecret, ServiceSettings, type Secret } from '@mystocks/config';
import { IsCount } from '@mystocks/validation';

export class MarketDataSettings extends ServiceSettings {
  /** `postgres://market_data:…@host:port/mystocks` */
  @IsSecret() readonly PG_PRIMARY_URL!: Secret;
  /** Connections that are kept. */
  @IsCount(1, 200) readonly PG_POOL_SIZE: number = 20;
  /** Connections beyond them under load. */
  @IsCount(0, 400) readonly PG_POOL_OVERFLOW: number = 40;
  @IsCount(1, 60_000) readonly PG_STATEMENT_TIMEOUT_MS: number = 2_000;
}
