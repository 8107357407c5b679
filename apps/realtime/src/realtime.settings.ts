import { IsSecretUrl, ServiceSettings, type Secret } from '@mystocks/config';
import { IsCount, IsText } from '@mystocks/validation';

/** Settings of the realtime service. */
export class RealtimeSettings extends ServiceSettings {
  /** Address on which Socket.IO is served. */
  @IsText(1, 255) readonly REALTIME_HOST: string = '127.0.0.1';
  /** Port of REALTIME_HOST. */
  @IsCount(1, 65_535) readonly REALTIME_PORT: number = 3_010;
  /**
   * Browser origins that may connect, separated by commas. Without it only pages from the own origin may. Programs
   * send no origin.
   */
  @IsText(1, 2_000, { optional: true }) readonly REALTIME_ORIGINS?: string;
  /** Redis server. The cache service needs it with CACHE_L2=redis, realtime always. */
  @IsSecretUrl('redis') readonly REDIS_URL!: Secret;
  /** Sockets of this instance. The default leaves room below a usual limit of 20,000 open files for one process. */
  @IsCount(1, 1_000_000) readonly REALTIME_SOCKETS_MAX: number = 18_000;
  /**
   * Connections of one client address. Default: 1,000, and no limit for loopback and private addresses, which may be
   * proxies.
   */
  @IsCount(1, 1_000_000, { optional: true }) readonly REALTIME_ADDRESS_CONNECTIONS_MAX?: number;
  /** Sockets that one user may hold on this instance. */
  @IsCount(1, 1_000_000) readonly REALTIME_USER_SOCKETS_MAX: number = 20;
  /**
   * Channels a second that the sockets of one client address may subscribe to, and 20 times as many at once. Default:
   * 1,000, and no limit for loopback and private addresses.
   */
  @IsCount(200, 1_000_000, { optional: true }) readonly REALTIME_ADDRESS_CHANNELS_PER_S?: number;
}
