import { IsCount, IsOneOf, IsText } from '@mystocks/validation';
import type { Secret } from '@mystocks/secrets';
import { IsSecret } from './secret-field.js';
import { IsNatsUrls } from './server-url.js';

/** What every service needs to start. An app's own class extends it and adds its settings. */
export class ServiceSettings {
  /** Log lines below this level are not written. */
  @IsOneOf(['fatal', 'error', 'warn', 'info', 'debug', 'silent']) readonly LOG_LEVEL: string = 'info';
  /** Address on which `/health/*` and `/metrics` are served. It must not be reachable from outside. */
  @IsText(1, 255) readonly MANAGEMENT_HOST: string = '127.0.0.1';
  /**
   * Port of MANAGEMENT_HOST. `npm start` uses 9100 (gateway), 9101 (market-data), 9102 (cache), 9103 (auth), 9104
   * (realtime).
   */
  @IsCount(0, 65_535) readonly MANAGEMENT_PORT!: number;
  /** Servers of the NATS cluster, separated by commas, without credentials. */
  @IsNatsUrls() readonly NATS_URL!: string;
  /** Token that the NATS servers ask for. */
  @IsSecret({ optional: true }) readonly NATS_TOKEN?: Secret;
  /** How long a service still serves after SIGTERM, so that load balancers see first that it is not ready. */
  @IsCount(0, 60_000) readonly SHUTDOWN_DELAY_MS: number = 5_000;
  /** Issuer (`iss`) of access tokens. Auth signs it, and every service checks it. */
  @IsText(1, 100) readonly TOKEN_ISSUER: string = 'mystocks';
}
