import { IsCount, IsOneOf, IsText } from '@mystocks/validation';
import type { Secret } from '@mystocks/secrets';
import { IsSecret } from './secret-field.js';
import { IsNatsUrls } from './server-url.js';

/** What every service needs to start. An app's own class extends it and adds its settings. */
export class ServiceSettings {
  @IsOneOf(['fatal', 'error', 'warn', 'info', 'debug', 'silent']) readonly LOG_LEVEL: string = 'info';
  /** Address of `/health/*` and `/metrics`; never the public one. */
  @IsText(1, 255) readonly MANAGEMENT_HOST: string = '127.0.0.1';
  @IsCount(0, 65_535) readonly MANAGEMENT_PORT!: number;
  /** One or more servers, separated by commas, without credentials. */
  @IsNatsUrls() readonly NATS_URL!: string;
  @IsSecret({ optional: true }) readonly NATS_TOKEN?: Secret;
  /** How long a service that was told to stop goes on serving while others learn that it is not ready. */
  @IsCount(0, 60_000) readonly SHUTDOWN_DELAY_MS: number = 5_000;
  /** `iss` of our access tokens. */
  @IsText(1, 100) readonly TOKEN_ISSUER: string = 'mystocks';
}
