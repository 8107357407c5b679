import { IsSecretUrl, type Secret } from '@mystocks/config';

/** `memory` is for a system with one instance of the cache service: each instance has its own. */
export const tierKinds = ['redis', 'tdengine', 'memory'] as const;
export type TierKind = (typeof tierKinds)[number];

/** What is needed beside the service's own settings where CACHE_L2 is `redis`. */
export class RedisTierSettings {
  /** Redis server. The cache service needs it with CACHE_L2=redis, realtime always. */
  @IsSecretUrl('redis') readonly REDIS_URL!: Secret;
}

/** What is needed beside the service's own settings where CACHE_L2 is `tdengine`. */
export class TdengineTierSettings {
  /**
   * REST interface of TDengine (taosAdapter). Needed with TIMESERIES_STORE=tdengine, and by the cache service with
   * CACHE_L2=tdengine.
   */
  @IsSecretUrl('tdengine') readonly TDENGINE_URL!: Secret;
}
