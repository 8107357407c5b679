import { IsSecretUrl, type Secret } from '@mystocks/config';

/** `memory` is for a house with one instance of the cache service: each instance has its own. */
export const tierKinds = ['redis', 'tdengine', 'memory'] as const;
export type TierKind = (typeof tierKinds)[number];

/** What is needed beside the service's own settings where CACHE_L2 is `redis`. */
export class RedisTierSettings {
  /** A secret because it may hold a password. */
  @IsSecretUrl('redis') readonly REDIS_URL!: Secret;
}

/** What is needed beside the service's own settings where CACHE_L2 is `tdengine`. */
export class TdengineTierSettings {
  /** taosAdapter: `http://user:password@host:6041` */
  @IsSecretUrl('tdengine') readonly TDENGINE_URL!: Secret;
}
