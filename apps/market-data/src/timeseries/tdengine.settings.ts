import { IsSecretUrl, type Secret } from '@mystocks/config';
import { IsCount } from '@mystocks/validation';

/** What is needed beside the service's own settings where TIMESERIES_STORE is `tdengine`. */
export class TdengineSettings {
  /** taosAdapter: `http://user:password@host:6041` */
  @IsSecretUrl('tdengine') readonly TDENGINE_URL!: Secret;
  /** Connections that are kept. */
  @IsCount(1, 200) readonly TDENGINE_POOL_SIZE: number = 20;
  /** Connections beyond them under load. */
  @IsCount(0, 400) readonly TDENGINE_POOL_OVERFLOW: number = 40;
  /** How long a borrower waits for a connection at most; its request's deadline may come earlier. */
  @IsCount(1, 600_000) readonly TDENGINE_POOL_TIMEOUT_MS: number = 30_000;
  /** How long one statement may take, its answer read to the end; a block of bars is one of up to 1 MB. */
  @IsCount(1, 600_000) readonly TDENGINE_REQUEST_TIMEOUT_MS: number = 10_000;
}
