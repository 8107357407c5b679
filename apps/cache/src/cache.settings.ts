import { IsSecret, ServiceSettings, type Secret } from '@mystocks/config';

/** What the cache service needs to start. */
export class CacheSettings extends ServiceSettings {
  /** Where the second tier lives; a secret because it may hold a password. */
  @IsSecret() readonly REDIS_URL!: Secret;
}
