import { ServiceSettings } from '@mystocks/config';
import { IsCount, IsText } from '@mystocks/validation';
import { AreTrustedProxies } from './http/trusted-proxies.js';

export class GatewaySettings extends ServiceSettings {
  @IsText(1, 255) readonly GATEWAY_HOST: string = '127.0.0.1';
  @IsCount(0, 65_535) readonly GATEWAY_PORT: number = 3_000;
  /** Connections in all. */
  @IsCount(10, 1_000_000) readonly GATEWAY_CONNECTIONS_MAX: number = 10_000;
  /** Connections of one client address; without it 1,000, and no limit for loopback and private addresses (proxies). */
  @IsCount(1, 1_000_000, { optional: true }) readonly GATEWAY_ADDRESS_CONNECTIONS_MAX?: number;
  /**
   * Proxies whose `X-Forwarded-For` is believed: addresses and networks, separated by commas. By default nobody's is, and
   * the address of the connection counts.
   */
  @AreTrustedProxies() readonly GATEWAY_TRUSTED_PROXIES: string[] = [];
  /** How long after it ceased to be fresh an answer may still be given, marked stale, when its owner fails (RFC 5861). */
  @IsCount(0, 86_400) readonly CACHE_STALE_IF_ERROR_S: number = 900;
}
