import { ServiceSettings } from '@mystocks/config';
import { IsCount, IsText } from '@mystocks/validation';
import { AreTrustedProxies } from './edge/trusted-proxies.js';

export class GatewaySettings extends ServiceSettings {
  /** Address on which HTTP is served. */
  @IsText(1, 255) readonly GATEWAY_HOST: string = '127.0.0.1';
  /** Port of GATEWAY_HOST. */
  @IsCount(0, 65_535) readonly GATEWAY_PORT: number = 3_000;
  /** Connections of this instance. */
  @IsCount(10, 1_000_000) readonly GATEWAY_CONNECTIONS_MAX: number = 10_000;
  /**
   * Connections of one client address. Default: 1,000, and no limit for loopback and private addresses, which may be
   * proxies.
   */
  @IsCount(1, 1_000_000, { optional: true }) readonly GATEWAY_ADDRESS_CONNECTIONS_MAX?: number;
  /**
   * Proxies whose `X-Forwarded-For` is believed, such as 10.0.0.0/8,fd00::/8. By default the address of the
   * connection counts.
   */
  @AreTrustedProxies() readonly GATEWAY_TRUSTED_PROXIES: string[] = [];
  /** How long an expired answer is still served, marked stale, while its owner fails (`stale-if-error`, RFC 5861). */
  @IsCount(0, 86_400) readonly CACHE_STALE_IF_ERROR_S: number = 900;
}
