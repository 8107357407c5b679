import { IsSecretUrl, type Secret } from '@mystocks/config';
import { IsCount } from '@mystocks/validation';

/** Database of TDengine that holds bars and quotes. */
export const DATABASE = 'mystocks';

/** What is needed beside the service's own settings where TIMESERIES_STORE is `tdengine`. */
export class TdengineSettings {
  /**
   * REST interface of TDengine (taosAdapter). Needed with TIMESERIES_STORE=tdengine, and by the cache service with
   * CACHE_L2=tdengine.
   */
  @IsSecretUrl('tdengine') readonly TDENGINE_URL!: Secret;
  /** Connections that the pool keeps open. */
  @IsCount(1, 200) readonly TDENGINE_POOL_SIZE: number = 20;
  /** Connections beyond TDENGINE_POOL_SIZE that the pool opens under load. */
  @IsCount(0, 400) readonly TDENGINE_POOL_OVERFLOW: number = 40;
  /** Longest wait of a borrower for a connection. The deadline of its request may come earlier. */
  @IsCount(1, 600_000) readonly TDENGINE_POOL_TIMEOUT_MS: number = 30_000;
  /** Longest run of one statement until its answer is read to the end. A block of bars is a statement of up to 1 MB. */
  @IsCount(1, 600_000) readonly TDENGINE_REQUEST_TIMEOUT_MS: number = 10_000;
}
