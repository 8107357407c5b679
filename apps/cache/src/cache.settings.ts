import { IsSecret, IsSecretUrl, IsSecretUrls, ServiceSettings, type Secret } from '@mystocks/config';
import { IsCount, IsOneOf } from '@mystocks/validation';
import { tierKinds, type TierKind } from './tiers/tier.settings.js';

/** What the cache service needs to start. */
export class CacheSettings extends ServiceSettings {
  /** Where the second tier lives. `redis` also needs RedisTierSettings, `tdengine` TdengineTierSettings. */
  @IsOneOf(tierKinds) readonly CACHE_L2: TierKind = 'redis';
  /** How long after it ceased to be fresh an answer may still be given, marked stale, when its owner fails (RFC 5861). */
  @IsCount(0, 86_400) readonly CACHE_STALE_IF_ERROR_S: number = 900;
  /** Where reads are counted for warm-ups. Without it nothing is counted, and nothing is warmed by itself. */
  @IsSecretUrl('postgres', { optional: true }) readonly PG_PRIMARY_URL?: Secret;
  /** Servers beside it, separated by commas: one may become the primary. */
  @IsSecretUrls('postgres', { optional: true }) readonly PG_REPLICA_URLS?: Secret;
  /** Connections to one server of all services and instances together; by default what it allows, less 10. */
  @IsCount(2, 100_000, { optional: true }) readonly PG_FLEET_BUDGET?: number;
  /** AUTH_CACHE_CLIENT_SECRET of the auth service. Without it nothing is warmed by itself. */
  @IsSecret({ optional: true, minLength: 32 }) readonly CACHE_CLIENT_SECRET?: Secret;
  /** How many of the symbols read most are warmed; 0 turns it off. */
  @IsCount(0, 2_000) readonly CACHE_WARM_UP_SYMBOLS: number = 200;
  /** Questions a warm-up asks the owners a second, at most. */
  @IsCount(1, 1_000) readonly CACHE_WARM_UP_PER_SECOND: number = 50;
}
