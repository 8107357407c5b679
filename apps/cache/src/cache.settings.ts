import { IsSecret, IsSecretUrl, IsSecretUrls, ServiceSettings, type Secret } from '@mystocks/config';
import { IsCount, IsOneOf } from '@mystocks/validation';
import { tierKinds, type TierKind } from './tiers/tier.settings.js';

/** What the cache service needs to start. */
export class CacheSettings extends ServiceSettings {
  /**
   * Where L2 is stored. `redis` also needs REDIS_URL, `tdengine` needs TDENGINE_URL; `memory` is for one instance of
   * the cache service.
   */
  @IsOneOf(tierKinds) readonly CACHE_L2: TierKind = 'redis';
  /** How long an expired answer is still served, marked stale, while its owner fails (`stale-if-error`, RFC 5861). */
  @IsCount(0, 86_400) readonly CACHE_STALE_IF_ERROR_S: number = 900;
  /**
   * Primary server, with the role of the service. The cache service stores the read counts for warm-up there and can do
   * without it: then there is no automatic warm-up.
   */
  @IsSecretUrl('postgres', { optional: true }) readonly PG_PRIMARY_URL?: Secret;
  /** The other servers, any of which may become the primary. market-data also reads from them. */
  @IsSecretUrls('postgres', { optional: true }) readonly PG_REPLICA_URLS?: Secret;
  /**
   * Connections to one server of all services and instances together. Default: what the server allows its clients,
   * less 10.
   */
  @IsCount(2, 100_000, { optional: true }) readonly PG_FLEET_BUDGET?: number;
  /** The same value as AUTH_CACHE_CLIENT_SECRET. Without it there is no automatic warm-up. */
  @IsSecret({ optional: true, minLength: 32 }) readonly CACHE_CLIENT_SECRET?: Secret;
  /** How many of the most-read symbols are warmed up. 0 turns automatic warm-up off. */
  @IsCount(0, 2_000) readonly CACHE_WARM_UP_SYMBOLS: number = 200;
  /** Most calls a second from a warm-up to the owners. */
  @IsCount(1, 1_000) readonly CACHE_WARM_UP_PER_SECOND: number = 50;
}
