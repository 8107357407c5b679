import { ServiceSettings } from '@mystocks/config';
import { IsCount, IsOneOf } from '@mystocks/validation';
import { tierKinds, type TierKind } from './tiers/tier.settings.js';

/** What the cache service needs to start. */
export class CacheSettings extends ServiceSettings {
  /** Where the second tier lives. `redis` also needs RedisTierSettings. */
  @IsOneOf(tierKinds) readonly CACHE_L2: TierKind = 'redis';
  /** How long after it ceased to be fresh an answer may still be given, marked stale, when its owner fails (RFC 5861). */
  @IsCount(0, 86_400) readonly CACHE_STALE_IF_ERROR_S: number = 900;
}
