import { IsSecretUrl, ServiceSettings, type Secret } from '@mystocks/config';
import { IsCount, IsText } from '@mystocks/validation';

/** Settings of the realtime service. */
export class RealtimeSettings extends ServiceSettings {
  @IsText(1, 255) readonly REALTIME_HOST: string = '127.0.0.1';
  @IsCount(1, 65_535) readonly REALTIME_PORT: number = 3_010;
  /** Browser origins that may connect, separated by commas; without it no browser may. Programs send no Origin. */
  @IsText(1, 2_000, { optional: true }) readonly REALTIME_ORIGINS?: string;
  @IsSecretUrl('redis') readonly REDIS_URL!: Secret;
  /** Sockets of this node; leaves room below the usual 20,000 open files of a process (performance.md §2). */
  @IsCount(1, 1_000_000) readonly REALTIME_SOCKETS_MAX: number = 18_000;
  /** Connections of one client address; without it 1,000, and no limit for loopback and private addresses (proxies). */
  @IsCount(1, 1_000_000, { optional: true }) readonly REALTIME_ADDRESS_CONNECTIONS_MAX?: number;
  /** Sockets one user may hold on this node. */
  @IsCount(1, 1_000_000) readonly REALTIME_USER_SOCKETS_MAX: number = 20;
  /**
   * Channels a second that the sockets of one address may subscribe to, and 20 times as many at once. Without it 1,000, and no
   * limit for loopback and private addresses (proxies).
   */
  @IsCount(200, 1_000_000, { optional: true }) readonly REALTIME_ADDRESS_CHANNELS_PER_S?: number;
}
